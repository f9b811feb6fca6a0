import { type Build, isExecuted } from '../history/build.ts';
import { DAY } from '../question/settings.ts';
import { median } from '../statistics/quantile.ts';

export type RunState = 'running' | 'aborted' | 'environment' | 'passed' | 'failed';

/** A build as the gates see it. */
export interface Run extends Build {
  readonly state: RunState;
  /** Passed or failed, and of a presubmit the first such try of its change. */
  readonly isCounted: boolean;
  /** Passed or failed, and a later try of a change. */
  readonly isRetry: boolean;
  /** What it shares with runs of the other job: its UTC day, or its change. */
  readonly stratum: string;
  /** The UTC day of its start, `2026-11-23`. */
  readonly day: string;
}

/** The runs of a job, in their order, in a window. Times in milliseconds since 1970; both ends count. */
export function runsOf(
  builds: readonly Build[],
  { from, to }: { readonly from: number; readonly to: number },
  now: number,
): Run[] {
  const tried = new Set<string>();
  return builds
    .filter(({ started }) => started >= from && started <= to)
    .map((build) => {
      const state = stateOf(build, now);
      const isOver = state === 'passed' || state === 'failed';
      const isRetry = isOver && build.change !== '' && tried.has(build.change);
      if (isOver && build.change !== '') tried.add(build.change);
      const day = new Date(build.started).toISOString().slice(0, 10);
      return { ...build, state, isCounted: isOver && !isRetry, isRetry, day, stratum: build.change || day };
    });
}

function stateOf({ finished, started, result, trouble, passed }: Build, now: number): RunState {
  if (finished === undefined && started > now - DAY) return 'running';
  if (result === 'aborted') return 'aborted';
  if (finished === undefined || result === 'error' || trouble !== undefined) return 'environment';
  return passed ? 'passed' : 'failed';
}

export const isCounted = ({ isCounted: counted }: Run): boolean => counted;

/** Whether what a run says of its tests can be used. */
export const isReadable = ({ isCounted: counted, unreadable }: Run): boolean => counted && unreadable === '';

/** The runs that tell which tests a job has: those that got to their tests and did not break off. */
export function completeRuns(runs: readonly Run[]): Run[] {
  const reached = runs.filter(
    (run) => isReadable(run) && (run.passed || run.phase === 'test' || run.phase === 'teardown'),
  );
  const executed = reached.map(countExecuted);
  const usual = median(executed) ?? 0;
  return reached.filter((_, at) => (executed[at] ?? 0) >= usual / 2);
}

function countExecuted({ tests }: Run): number {
  let count = 0;
  for (const outcome of tests.outcomes) if (isExecuted(outcome)) count++;
  return count;
}

/** The numbers of the tests that a run executed. */
export function executedTests({ tests }: Run): number[] {
  const found: number[] = [];
  for (const [at, name] of tests.names.entries()) if (isExecuted(tests.outcomes[at] ?? 0)) found.push(name);
  return found;
}

/** Milliseconds; undefined of a run that is not finished. */
export function durationOf({ started, finished }: Run): number | undefined {
  const duration = (finished ?? Number.NaN) - started;
  return Number.isFinite(duration) && duration > 0 ? duration : undefined;
}
