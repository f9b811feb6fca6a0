import { expect, test } from 'vitest';
import { isPlainRegex, notRe2, rejectNotRe2 } from '../../../testers/ginkgo/re2.ts';

/** Each compiles with Go's regexp. */
test.each([
  '(?i)x',
  '\\z',
  '\\A\\[sig-node\\]',
  '[[:alpha:]]+',
  '[[:^space:]]',
  '[]a]',
  '[^]a]',
  '[a\\]b]',
  '[(]',
  '[*]+?',
  '\\Q(a[\\E+',
  '\\Qopen (',
  'a\\Q*\\E',
  '\\pL\\p{Greek}',
  '\\x{10FFFF}\\x41',
  '\\012',
  '\\12',
  '(?P<name>a)',
  '(?<name>a)',
  '(?:a|b)*',
  '(?i:a)',
  '(?-s)a.b',
  'a(?i)*',
  'a{2,3}',
  'a{2,}?',
  'a{,3}',
  'a{x',
  '{',
  '}',
  'a]',
  '^*',
  '$+',
  '()',
  '(|a)',
  'a||b',
  'a*?',
  'a??',
  '\\(\\)\\[\\*',
  '',
  '\\[Slow\\]|\\[Serial\\]|\\[Flaky\\]|\\[Feature:.+\\]',
])('%j may be an expression of RE2', (pattern) => {
  expect(notRe2(pattern)).toBeUndefined();
});

/** None compiles with Go's regexp. */
test.each([
  ['(?=x)', 'RE2 has no lookahead (?='],
  ['a(?!b)', 'RE2 has no lookahead (?!'],
  ['(?<=a)b', 'RE2 has no lookbehind (?<='],
  ['(?<!a)b', 'RE2 has no lookbehind (?<!'],
  ['(?>a)', 'RE2 has no atomic group (?>'],
  ['(?#note)', 'RE2 has no comment (?#'],
  ['(a)\\1', 'RE2 has no backreferences (\\1)'],
  ['a++', '+ follows another repetition'],
  ['a**', '* follows another repetition'],
  ['a*?+', '+ follows another repetition'],
  ['a{2}*', '* follows another repetition'],
  ['*Conformance*', '* has nothing to repeat'],
  ['a|+', '+ has nothing to repeat'],
  ['(?:*)', '* has nothing to repeat'],
  ['[Slow', 'a closing ] is missing'],
  ['[]', 'a closing ] is missing'],
  ['(a', 'a closing ) is missing'],
  ['a)', 'it has a ) without its ('],
  ['a\\', 'it ends with a backslash'],
])('%j is no expression of RE2', (pattern, fault) => {
  expect(notRe2(pattern)).toBe(fault);
});

test('the refusal names the flag, the expression and what is wrong', () => {
  expect(() => rejectNotRe2('--focus-regex', ['', 'a', '*x'])).toThrow(
    `invalid --focus-regex "*x": * has nothing to repeat; Ginkgo takes Go's regular expressions (RE2)`,
  );
});

test.each([
  ['\\[sig-node\\]|Pods .* should', true],
  ['', true],
  ['a.*b', true],
  ['(a)', false],
  ['a*', false],
  ['[ab]', false],
  ['\\d', false],
])('%j is plain: %j', (pattern, plain) => {
  expect(isPlainRegex(pattern)).toBe(plain);
});
