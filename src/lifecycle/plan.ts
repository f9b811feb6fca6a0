import type { Duration } from '../api/duration.ts';

/** What a run is asked to do, and the timeout of each part (milliseconds, 0 for none). */
export interface Plan {
  readonly build: boolean;
  readonly up: boolean;
  readonly down: 'always' | 'on-success' | 'never';
  readonly preTestCmd: readonly string[];
  readonly postTestCmd: readonly string[];
  /** False leaves the tests' own case out of junit. */
  readonly testCase: boolean;
  /** An earlier call of this run was killed and owes a teardown, which runs before a new Up, or at the end. */
  readonly owed: boolean;
  /** Whether the tester is a built-in one. */
  readonly ownTester: boolean;
  readonly limits: {
    readonly timeout: Duration;
    readonly build: Duration;
    readonly up: Duration;
    readonly test: Duration;
    readonly down: Duration;
    readonly cleanup: Duration;
    /** How long a step may take to stop after its abort. */
    readonly stop: Duration;
  };
}
