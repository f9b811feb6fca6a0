import type { Evidence } from '../evidence/evidence.ts';
import { isReadable, type Run } from '../evidence/runs.ts';
import { isExecuted, isFailure, type TestOutcomes } from '../history/build.ts';
import type { NameTable } from '../history/names.ts';
import type { Settings } from '../question/settings.ts';
import type { JobSummary } from './job-summary.ts';
import type { Judgement } from './verdict.ts';

/** All that the three outputs show. */
export interface Report {
  readonly settings: Settings;
  /** Milliseconds since 1970. */
  readonly window: { readonly from: number; readonly to: number };
  readonly original: JobSummary;
  readonly canary: JobSummary;
  readonly evidence: Evidence;
  readonly names: NameTable;
  readonly judgement: Judgement;
}

/** What comes first in text and page. */
export const VERDICTS = { stable: 'STABLE', 'not-yet': 'NOT YET', 'not-stable': 'NOT STABLE' } as const;

/** The two newest runs that show something, newest first. */
export function newestTwo(runs: readonly Run[], shows: (run: Run) => boolean): Run[] {
  return runs.filter(shows).slice(-2).toReversed();
}

/** Whether a test failed in a run. */
export function hasFailed({ tests }: Run, test: number): boolean {
  const at = tests.names.indexOf(test);
  return at !== -1 && isFailure(tests.outcomes[at] ?? 0);
}

/** Where people look at a build: Prow's page, or the directory of a copy. */
export function linkOf({ address }: Pick<Run, 'address'>): string {
  return address.startsWith('gs://') ? `https://prow.k8s.io/view/gs/${address.slice('gs://'.length)}` : address;
}

/** A test that both passed and failed on one commit, or one change. */
export interface Flake {
  readonly name: string;
  readonly runs: number;
  readonly failed: number;
}

/** The tests of a job that flaked, those with the most failures first. */
export function flakesOf(runs: readonly Run[], names: NameTable): Flake[] {
  const found = new Map<number, { runs: number; failed: number }>();
  for (const [commit, group] of Map.groupBy(runs.filter(isReadable), ({ change, commit: own }) => change || own)) {
    if (commit === '') continue;
    for (const [test, { runs: count, failed }] of countsOf(group)) {
      if (failed === 0 || failed === count) continue;
      const sum = found.get(test) ?? { runs: 0, failed: 0 };
      found.set(test, { runs: sum.runs + count, failed: sum.failed + failed });
    }
  }
  return Array.from(found, ([test, counts]) => ({ name: names.nameOf(test), ...counts })).toSorted(
    (a, b) => b.failed - a.failed || (a.name < b.name ? -1 : 1),
  );
}

/** How often each test was executed, and failed. */
export function countsOf(
  runs: readonly { readonly tests: TestOutcomes }[],
): Map<number, { runs: number; failed: number }> {
  const counts = new Map<number, { runs: number; failed: number }>();
  for (const { tests } of runs) {
    for (let at = 0; at < tests.names.length; at++) {
      const outcome = tests.outcomes[at] ?? 0;
      if (!isExecuted(outcome)) continue;
      const count = counts.get(tests.names[at] ?? -1) ?? { runs: 0, failed: 0 };
      count.runs += 1;
      if (isFailure(outcome)) count.failed += 1;
      counts.set(tests.names[at] ?? -1, count);
    }
  }
  return counts;
}
