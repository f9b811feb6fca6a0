import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/api/duration.ts';

test.each([
  ['1h30m', 5_400_000],
  ['90m', 5_400_000],
  ['1.5s', 1500],
  ['.5s', 500],
  ['250ms', 250],
  ['2h45m30.5s', 9_930_500],
  ['0', 0],
  ['-1m', -60_000],
  ['+3s', 3000],
  ['1us', 0.001],
  ['1µs', 0.001],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each(['', '90', 's', '1', '1x', '1h 30m', '1h-30m', 'h1', '--1s', '1.2.3s', '.s', 'NaN'])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test.each([
  [0, '0s'],
  [86_400_000, '24h0m0s'],
  [5_400_000, '1h30m0s'],
  [60_000, '1m0s'],
  [1500, '1.5s'],
  [250, '250ms'],
  [1.5, '1.5ms'],
  [0.001, '1µs'],
  [-90_000, '-1m30s'],
])('%d ms is written as Go writes it: %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
});
