import { isCounted, type Run } from '../evidence/runs.ts';
import { durationsOf } from '../gates/duration.ts';
import type { Phase } from '../history/phase.ts';
import type { JobAddress } from '../question/job-address.ts';
import { type Interval, wilson, Z95_TWO_SIDED } from '../statistics/drop.ts';
import { ascending, quantile } from '../statistics/quantile.ts';

/** One job in numbers. */
export interface JobSummary {
  readonly job: string;
  readonly address: string;
  readonly runs: {
    readonly found: number;
    readonly counted: number;
    readonly passed: number;
    readonly failed: number;
    readonly retries: number;
    readonly environment: number;
    readonly aborted: number;
    readonly running: number;
    /** Of the counted ones. */
    readonly unreadable: number;
  };
  /** Of the counted runs that failed. */
  readonly phases: Readonly<Record<Phase, number>>;
  /** Of the counted runs; undefined when there is none. */
  readonly passRate: (Interval & { readonly value: number }) | undefined;
  /** Of the counted runs that passed, in seconds; undefined when there is none. */
  readonly duration: { readonly p50: number; readonly p75: number; readonly p95: number } | undefined;
}

export function summarise({ job, address }: JobAddress, runs: readonly Run[]): JobSummary {
  const counted = runs.filter(isCounted);
  const passed = counted.filter((run) => run.state === 'passed').length;
  const inState = (state: Run['state']) => runs.filter((run) => run.state === state).length;
  return {
    job,
    address,
    runs: {
      found: runs.length,
      counted: counted.length,
      passed,
      failed: counted.length - passed,
      retries: runs.filter(({ isRetry }) => isRetry).length,
      environment: inState('environment'),
      aborted: inState('aborted'),
      running: inState('running'),
      unreadable: counted.filter(({ unreadable }) => unreadable !== '').length,
    },
    phases: phasesOf(counted),
    passRate: rateOf(passed, counted.length),
    duration: quantilesOf(runs),
  };
}

function phasesOf(counted: readonly Run[]): Record<Phase, number> {
  const phases: Record<Phase, number> = { setup: 0, test: 0, teardown: 0, other: 0 };
  for (const { state, phase } of counted) if (state === 'failed') phases[phase ?? 'other'] += 1;
  return phases;
}

function rateOf(passed: number, runs: number): JobSummary['passRate'] {
  return runs === 0 ? undefined : { value: passed / runs, ...wilson(passed / runs, runs, Z95_TWO_SIDED) };
}

function quantilesOf(runs: readonly Run[]): JobSummary['duration'] {
  const seconds = ascending(durationsOf(runs)).map((ms) => ms / 1000);
  const [p50, p75, p95] = [0.5, 0.75, 0.95].map((share) => quantile(seconds, share));
  return p50 === undefined || p75 === undefined || p95 === undefined ? undefined : { p50, p75, p95 };
}
