import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellSplit, shellSplitWithEscapes } from '../../src/text/shell-split.ts';

// The expected results are those of the Go library.
describe('splits arguments as go-shellquote does', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['  ', []],
    ['a b', ['a', 'b']],
    ['  a\t b\n c ', ['a', 'b', 'c']],
    ['a\\ b', ['a b']],
    ["'a b'", ['a b']],
    ['"a b"', ['a b']],
    ["a'b'c", ['abc']],
    ['a"b"c\'d\'', ['abcd']],
    ["''", ['']],
    ['""', ['']],
    ["'' ''", ['', '']],
    ["a''", ['a']],
    ["--x='\\[Slow\\]|\\[Serial\\]'", ['--x=\\[Slow\\]|\\[Serial\\]']],
    ['--x=\\[Slow\\]', ['--x=[Slow]']],
    ['--x="\\[Slow\\]"', ['--x=\\[Slow\\]']],
    ['"a\\"b"', ['a"b']],
    ['"a\\$b\\`c\\\\d"', ['a$b`c\\d']],
    ['"a\\nb"', ['a\\nb']],
    ['"a\\\nb"', ['ab']],
    ['a\\\nb', ['ab']],
    ['\\\nb', ['b']],
    ['a \\\n b', ['a', 'b']],
    ['a \\\n', ['a']],
    ['\\\n', []],
    ["'a\\'", ['a\\']],
    ["$'a'", ['$a']],
    ['a#b # c', ['a#b', '#', 'c']],
    ['a;b|c&d>e', ['a;b|c&d>e']],
    ['{a,b} *.go ~', ['{a,b}', '*.go', '~']],
    ['`x` $(y) $Z', ['`x`', '$(y)', '$Z']],
    ['a\rb', ['a\rb']],
    ['a b', ['a b']],
    ['é ü', ['é', 'ü']],
    ['\\é', ['é']],
    ['\\😀 x', ['😀', 'x']],
    ['"😀\\😀"', ['😀\\😀']],
    ['"\\é"', ['\\é']],
    ["\\'a\\'", ["'a'"]],
    ['"\'"\'"\'', ['\'"']],
    ['x="a b" y=\'c d\' z=e\\ f', ['x=a b', 'y=c d', 'z=e f']],
    ['"a\tb\nc"', ['a\tb\nc']],
    ["'a\nb'", ['a\nb']],
    ['"\\\n"', ['']],
    ['\\\\', ['\\']],
    ['\\\\\\ a', ['\\ a']],
    ['a\\tb', ['atb']],
    ['"a\\tb"', ['a\\tb']],
    ['\u000b\f', ['\u000b\f']],
  ])('%j', (text, args) => {
    expect(shellSplit(text)).toEqual(args);
  });

  test.each(["'a\\'b'", 'a\\', '"a', "'a", '"a\\"', '\\', '"\\', "a 'b", '"a" b"c'])('rejects %j', (text) => {
    expect(() => shellSplit(text)).toThrow(/^(unterminated (single|double) quote|trailing backslash)$/);
  });
});

const quotings: ((arg: string) => string)[] = [
  (arg) => `'${arg.replaceAll("'", "'\\''")}'`,
  (arg) => `"${arg.replace(/[$`"\\]/g, '\\$&')}"`,
  (arg) => (arg === '' ? "''" : arg.replace(/[^\n]/gu, '\\$&').replaceAll('\n', "'\n'")),
];

test('splits arguments quoted in any way and joined by blanks', () => {
  const arg = fc.tuple(fc.string({ unit: 'binary' }), fc.constantFrom(...quotings));
  fc.assert(
    fc.property(fc.array(arg), fc.constantFrom(' ', '\n', '\t ', ' \\\n'), (args, between) => {
      const line = args.map(([text, quote]) => quote(text)).join(between);
      expect(shellSplit(line)).toEqual(args.map(([text]) => text));
    }),
  );
});

test('reports characters that lost a backslash', () => {
  expect(shellSplitWithEscapes(`\\[Slow\\] '\\[Slow\\]' "\\[Slow\\]" \\\\[Slow`)).toEqual([
    { text: '[Slow]', escaped: '[]' },
    { text: '\\[Slow\\]', escaped: '' },
    { text: '\\[Slow\\]', escaped: '' },
    { text: '\\[Slow', escaped: '\\' },
  ]);
});
