import fc from 'fast-check';
import { expect, test } from 'vitest';
import { focusOn } from '../../../testers/ginkgo/rerun.ts';

/** Matches as Ginkgo does: the suite's description, a space, the spec's texts. */
const matches = (focus: string, suite: string, texts: string) => new RegExp(focus).test(`${suite} ${texts}`);

// No trailing brackets, which are the labels below, and no outer white space, which junit writers trim.
const texts = fc
  .string({
    unit: fc.constantFrom(
      'a',
      'B',
      ' ',
      '.',
      '*',
      '(',
      ')',
      '[',
      '|',
      '\\',
      '$',
      '^',
      '{',
      '+',
      '?',
      '-',
      '/',
      'é',
      '😀',
    ),
  })
  .map((text) => text.trim())
  .filter((text) => text !== '' && !text.endsWith(']'));

test('a focus matches its own spec, with the labels that a junit writer appends', () => {
  const labels = fc.array(fc.constantFrom('Slow', 'sig-node', 'Feature:X, Y'), { maxLength: 3 });
  fc.assert(
    fc.property(texts, texts, labels, (suite, name, groups) => {
      const focus = focusOn({ suite, name: [name, ...groups.map((group) => `[${group}]`)].join(' ') });
      expect(matches(focus, suite, name)).toBe(true);
      expect(matches(focus, suite, [name, ...groups.map((group) => `[${group}]`)].join(' '))).toBe(true);
    }),
  );
});

test('a focus matches no other spec', () => {
  fc.assert(
    fc.property(texts, texts, texts, (suite, name, other) => {
      fc.pre(name !== other);
      expect(matches(focusOn({ suite, name }), suite, other)).toBe(false);
    }),
  );
});

test.each([
  ['a longer spec', 'should work twice'],
  ['one with the same end', 'it should work'],
  ['one with other brackets', 'should work [Slow]'],
])('%s is not matched', (_title, other) => {
  expect(matches(focusOn({ suite: 'e2e', name: 'should work' }), 'e2e', other)).toBe(false);
});

test('without a suite name the texts may come after anything', () => {
  const focus = focusOn({ suite: '', name: 'should work' });
  expect(matches(focus, 'any suite', 'should work')).toBe(true);
  expect(matches(focus, 'any suite', 'should work not')).toBe(false);
});
