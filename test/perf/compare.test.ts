import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRuns } from '../../src/perf/compare.ts';
import type { Latency } from '../../src/perf/summaries.ts';

describe('compareRuns', () => {
  const latency: fc.Arbitrary<Latency> = fc
    .record({ subject: fc.string(), p50: fc.nat(5000), p90: fc.nat(5000), p99: fc.nat(5000) })
    .map((each) => ({
      ...each,
      measurement: 'm',
      test: 't',
      labels: { Metric: each.subject, Count: String(each.p50) },
      slo: undefined,
    }));

  test('finds no regression between a run and itself', () => {
    fc.assert(
      fc.property(fc.array(latency), (run) => {
        expect(compareRuns(run, run, 0, 0).flatMap(({ worse }) => worse)).toEqual([]);
      }),
    );
  });

  test('finds everything that grew beyond the floor', () => {
    fc.assert(
      fc.property(fc.uniqueArray(latency, { selector: ({ subject }) => subject }), (run) => {
        const slower = run.map((each) => ({ ...each, p50: each.p50 * 2, p90: each.p90 * 2, p99: each.p99 * 2 }));
        for (const { before, worse } of compareRuns(run, slower, 0.5, 10)) {
          const grown = (['p50', 'p90', 'p99'] as const).filter((name) => (before?.[name] ?? 0) > 10);
          expect(worse).toEqual(grown);
        }
      }),
    );
  });
});
