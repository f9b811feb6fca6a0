import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { checkUtf8 } from '../../src/cli/utf8-args.ts';

const bytes = (...parts: (string | number)[]): (() => Uint8Array) => {
  const all = parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part)));
  return () => Buffer.concat(all);
};

test('an argument that is not UTF-8 is refused by its number and text', () => {
  const check = () => checkUtf8(['noop', '--run-id=a\uFFFD'], bytes('node\0noop\0--run-id=a', 0xff, '\0'));
  expect(check).toThrow(UsageError);
  expect(check).toThrow('invalid argument 2 "--run-id=a\uFFFD": it is not valid UTF-8');
});

test('a replacement character that was typed is accepted', () => {
  expect(() => checkUtf8(['a\uFFFD'], bytes('node\0a\uFFFD\0'))).not.toThrow();
});

test('the command line is read only where an argument may not be UTF-8', () => {
  expect(() =>
    checkUtf8(['noop', 'é'], () => {
      throw new Error('read');
    }),
  ).not.toThrow();
});

test('a replaced character is refused where the command line cannot be read', () => {
  expect(() => checkUtf8(['a\uFFFD'], () => undefined)).toThrow(UsageError);
});
