import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shellWords, shellWordsWithEscapes } from '../../src/text/shell-split.ts';

// Every row was given to the Go library, and this is what it answered.
describe('words are split as go-shellquote splits them', () => {
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
  ])('%j', (text, words) => {
    expect(shellWords(text)).toEqual(words);
  });

  test.each(["'a\\'b'", 'a\\', '"a', "'a", '"a\\"', '\\', '"\\', "a 'b", '"a" b"c'])('%j has no end', (text) => {
    expect(() => shellWords(text)).toThrow(/has no end|escapes nothing/);
  });
});

const quotings: ((word: string) => string)[] = [
  (word) => `'${word.replaceAll("'", "'\\''")}'`,
  (word) => `"${word.replace(/[$`"\\]/g, '\\$&')}"`,
  (word) => (word === '' ? "''" : word.replace(/[^\n]/gu, '\\$&').replaceAll('\n', "'\n'")),
];

test('words quoted in any way and joined by blanks come back as they were', () => {
  const word = fc.tuple(fc.string({ unit: 'binary' }), fc.constantFrom(...quotings));
  fc.assert(
    fc.property(fc.array(word), fc.constantFrom(' ', '\n', '\t ', ' \\\n'), (words, between) => {
      const line = words.map(([text, quote]) => quote(text)).join(between);
      expect(shellWords(line)).toEqual(words.map(([text]) => text));
    }),
  );
});

test('characters that lost a backslash are told', () => {
  expect(shellWordsWithEscapes(`\\[Slow\\] '\\[Slow\\]' "\\[Slow\\]" \\\\[Slow`)).toEqual([
    { text: '[Slow]', escaped: '[]' },
    { text: '\\[Slow\\]', escaped: '' },
    { text: '\\[Slow\\]', escaped: '' },
    { text: '\\[Slow', escaped: '\\' },
  ]);
});
