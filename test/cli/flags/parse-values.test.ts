import fc from 'fast-check';
import { expect, test } from 'vitest';
import { list, text } from '../../../src/api/flags.ts';
import { parseFlags } from '../../../src/cli/flags/parse.ts';

const flags = { owner: { name: text('A text.'), names: list('Texts.') } };

test.each(['""', "''", '"a b"', "'\\[Flaky\\]|\\[Serial\\]'", 'a=b', '-x', '--up', ':', '', 'a\nb'])(
  '%j is a value as it is typed, attached or as the next word',
  (value) => {
    expect(parseFlags(flags, [`--name=${value}`], {}).values.owner.name).toBe(value);
    expect(parseFlags(flags, ['--name', value], {}).values.owner.name).toBe(value);
  },
);

test('no text changes on its way', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      expect(parseFlags(flags, [`--name=${value}`], {}).values.owner.name).toBe(value);
      expect(parseFlags(flags, ['--name', value], {}).values.owner.name).toBe(value);
    }),
  );
});

test('a repeated flag keeps every value as it is typed', () => {
  const words = ['--names=a', '--names="b,c"', "--names='d'"];
  expect(parseFlags(flags, words, {}).values.owner.names).toEqual(['a', 'b,c', "'d'"]);
});
