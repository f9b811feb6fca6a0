import { describe, expect, test } from 'vitest';
import { type Simulation, shareOf, WORSE } from '../helpers/simulated-jobs.ts';

const HISTORIES = 100;
const fails = (original: number, canary: number, more: Partial<Simulation> = {}): Simulation => ({
  ...{ days: 15, original: { fails: original }, canary: { fails: canary } },
  ...more,
});
const share = (simulation: Simulation, verdict: string) =>
  shareOf(simulation, HISTORIES, (judgement) => judgement.verdict === verdict);

// Each history comes from a seed, so the shares are the same in every run of these tests.
describe('of a hundred histories whose truth is known', { timeout: 120_000 }, () => {
  test('equal jobs are hardly ever refused, and often enough proven', () => {
    expect(share(fails(0.03, 0.03), 'not-stable')).toBeLessThanOrEqual(0.05);
    expect(share(fails(0.03, 0.03), 'stable')).toBeGreaterThanOrEqual(0.3);
    expect(share(fails(0.005, 0.005), 'stable')).toBeGreaterThanOrEqual(0.85);
  });

  test('a canary that is worse by the margin is hardly ever promoted, broken days or not', () => {
    expect(share(fails(0.03, 0.08), 'stable')).toBeLessThanOrEqual(0.05);
    expect(share(fails(0.03, 0.08, { broken: 0.1 }), 'stable')).toBeLessThanOrEqual(0.05);
  });

  test('a canary that is much worse is never promoted, and refused', () => {
    expect(share(fails(0.03, 0.13), 'stable')).toBeLessThanOrEqual(0.01);
    expect(share(fails(0.03, 0.23), 'not-stable')).toBeGreaterThanOrEqual(0.95);
  });

  test('a test that fails more often is named, and no other one', () => {
    const simulation = { days: 15, original: { fails: 0.03 }, canary: { fails: 0.03, oneTest: 0.1 } };
    const named = (wanted: boolean) =>
      shareOf(simulation, HISTORIES, ({ tests }) => tests.regressed.some(({ name }) => (name === WORSE) === wanted));
    expect(named(true)).toBeGreaterThanOrEqual(0.8);
    expect(named(false)).toBeLessThanOrEqual(0.05);
  });

  test('a canary that is slower by a fifth is refused', () => {
    const simulation = { days: 15, original: { fails: 0.03 }, canary: { fails: 0.03, hours: 1.2 } };
    expect(share(simulation, 'not-stable')).toBeGreaterThanOrEqual(0.98);
  });
});
