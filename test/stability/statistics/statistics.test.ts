import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dropOf, wilson, Z95 } from '../../../src/stability/statistics/drop.ts';
import { atLeast, hypergeometric } from '../../../src/stability/statistics/hypergeometric.ts';
import { ascending, median, quantile } from '../../../src/stability/statistics/quantile.ts';
import { logRatios, slowdownOf } from '../../../src/stability/statistics/slowdown.ts';
import { exactTest, leastChance, type Stratum } from '../../../src/stability/statistics/strata.ts';
import { taroneLevel } from '../../../src/stability/statistics/tarone.ts';

type Row = readonly [no: number, fo: number, nc: number, fc: number];

/** Computed elsewhere: tables.py beside it says by what. */
const tables = JSON.parse(readFileSync(new URL('tables.json', import.meta.url), 'utf8')) as {
  readonly fisher: readonly (readonly [...Row, p: number])[];
  readonly stratified: readonly (readonly [strata: readonly Row[], p: number, least: number])[];
  readonly wilson: readonly (readonly [rate: number, size: number, low: number, high: number])[];
  readonly newcombe: readonly (readonly [...Row, low: number, high: number])[];
  readonly quantile: readonly (readonly [numbers: readonly number[], share: number, value: number])[];
  readonly shift: readonly (readonly [
    before: readonly number[],
    after: readonly number[],
    ratio: number,
    low: number,
    high: number,
  ])[];
};

const stratum = ([no, fo, nc, fc]: Row): Stratum => ({
  original: { runs: no, failed: fo },
  canary: { runs: nc, failed: fc },
});

/** To seven digits, of small numbers too. */
function expectClose(found: number | undefined, wanted: number): void {
  expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(1e-7 * Math.max(Math.abs(wanted), 1e-6));
}

describe('computed elsewhere too', () => {
  test.each(tables.fisher)('exact test of one stratum: %i %i %i %i', (no, fo, nc, fc, p) => {
    expectClose(exactTest([stratum([no, fo, nc, fc])]), p);
  });

  test('exact tests of many strata, and the least they could give', () => {
    for (const [rows, p, least] of tables.stratified) {
      expectClose(exactTest(rows.map(stratum)), p);
      expectClose(leastChance(rows.map(stratum)), least);
    }
  });

  test.each(tables.wilson)("Wilson's limits of %d in %i runs", (rate, size, low, high) => {
    const found = wilson(rate, size, Z95);
    expect(found.low).toBeCloseTo(low, 6);
    expect(found.high).toBeCloseTo(high, 6);
  });

  test.each(tables.newcombe)("Newcombe's limits: %i %i %i %i", (no, fo, nc, fc, low, high) => {
    const found = dropOf([stratum([no, fo, nc, fc])]);
    expect(found?.estimate).toBeCloseTo(fc / nc - fo / no, 10);
    expect(found?.low).toBeCloseTo(low, 6);
    expect(found?.high).toBeCloseTo(high, 6);
  });

  test('quantiles', () => {
    for (const [numbers, share, value] of tables.quantile) expectClose(quantile(ascending(numbers), share), value);
  });

  test('the shift of Hodges and Lehmann, with its limits', () => {
    for (const [before, after, ratio, low, high] of tables.shift) {
      const found = slowdownOf(logRatios(before, after), [before.length, after.length], Z95);
      expectClose(found.ratio, ratio);
      expectClose(found.low, low);
      expectClose(found.high, high);
    }
  });
});

test('chances of large numbers of runs stay chances', () => {
  const many = hypergeometric(20_000, 700, 9000);
  expect(atLeast(many, 0)).toBeCloseTo(1, 9);
  expect(atLeast(many, 701)).toBe(0);
});

test('strata with other paces weigh as those of Mantel and Haenszel', () => {
  const strata = [stratum([12, 6, 2, 1]), stratum([2, 0, 12, 0])];
  const found = dropOf(strata);
  expect(found?.estimate).toBeCloseTo(0, 12);
  // Both weights are a half; rates 0.25 each, of 1 / (1/48 + 1/8) and of as many runs.
  const { low, high } = wilson(0.25, 48 / 7, Z95);
  expect(found?.high).toBeCloseTo(Math.hypot(high - 0.25, 0.25 - low), 12);
});

test('nothing to compare has neither drop nor evidence', () => {
  expect(dropOf([])).toBeUndefined();
  expect(exactTest([])).toBe(1);
  expect(quantile([], 0.5)).toBeUndefined();
  expect(median([3, 1, 2])).toBe(2);
});

test('tests that could not be significant do not count for the level', () => {
  expect(taroneLevel([], 0.02)).toBe(0.02);
  expect(taroneLevel([0.001, 0.5, 0.5], 0.02)).toBe(0.02);
  expect(taroneLevel([0.001, 0.002, 0.003], 0.02)).toBeCloseTo(0.02 / 3, 12);
  expect(taroneLevel([0.001, 0.002, 0.015], 0.02)).toBeCloseTo(0.01, 12);
});
