import type { Phase } from './phase.ts';

/** How a test ended in one run, or that it did not run. */
export const OUTCOME = { passed: 1, failed: 2, flaked: 3, notSelected: 4, skipped: 5, pending: 6 } as const;
export type Outcome = (typeof OUTCOME)[keyof typeof OUTCOME];

export const isExecuted = (outcome: number): boolean => outcome >= OUTCOME.passed && outcome <= OUTCOME.flaked;
export const isFailure = (outcome: number): boolean => outcome === OUTCOME.failed || outcome === OUTCOME.flaked;

/** How tests ended in one run, by the numbers of their names. */
export interface TestOutcomes {
  readonly names: Int32Array;
  /** Of each name an `Outcome`. */
  readonly outcomes: Uint8Array;
  /** Why tests were skipped at run time. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** One build of a job, condensed: all that the gates look at. */
export interface Build {
  readonly id: string;
  /** Its directory in the store, for links and messages. */
  readonly address: string;
  /** Milliseconds since 1970; NaN when nothing says when. */
  readonly started: number;
  /** Milliseconds since 1970; undefined of one that is not finished. */
  readonly finished: number | undefined;
  /** Lower case; empty where finished.json has none. */
  readonly result: string;
  readonly passed: boolean;
  /** What of its environment kept it from running; undefined when nothing did. */
  readonly trouble: string | undefined;
  /** Of one that failed. */
  readonly phase: Phase | undefined;
  /** Why its junit cannot all be read; empty when it can. */
  readonly unreadable: string;
  /** What was tested: a commit of a branch; empty when nothing says so. */
  readonly commit: string;
  /** Of a presubmit, pull request and its head commit. */
  readonly change: string;
  readonly tests: TestOutcomes;
}
