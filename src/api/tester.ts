import type { Env } from './env.ts';
import type { Flags, Values } from './flags.ts';
import type { Run } from './run.ts';

/** What the tests are given, composed after Up. */
export interface TestContext {
  /** The live environment, the deployer's outputs, PATH with the run dir first, ARTIFACTS, KUBETEST2_RUN_DIR, KUBETEST2_RUN_ID, KUBECONFIG. */
  readonly env: Env;
  /** Absolute, or undefined when the deployer has no cluster to offer. */
  readonly kubeconfig: string | undefined;
  /** The deployer's provider name, if it has one. */
  readonly provider: string | undefined;
}

/** What a tester has to tell when its tests passed. */
export interface TestSummary {
  /** Lines for the terminal and for junit's Test case: totals, slowest, flakes. */
  readonly text: string;
}

/** Runs tests against the cluster. */
export interface Tester {
  /**
   * Whatever does not need the cluster: finding, downloading, verifying. The engine starts it beside Build and Up
   * and waits for it before the tests; its failure stops Up.
   */
  prepare?(signal: AbortSignal): Promise<void>;
  /** True when `prepare` needs what Build makes; then it starts after Build. */
  readonly preparesAfterBuild?: boolean;
  /** Resolves when the tests passed. Throws TestsFailedError, or CommandError, when they did not. */
  test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined>;
  /** The commands `test` would run, as far as they can be known, for `--dry-run`. */
  plan?(context: TestContext): readonly (readonly string[])[];
}

/** How the command line came about, for testers that care. */
export interface Typed {
  /** `-v` among the tester's own words. */
  readonly verbosity: number;
  /** The names of the flags that were typed. */
  readonly given: ReadonlySet<string>;
}

/** A tester as the command line sees it. */
export interface TesterKind<F extends Flags = Flags> {
  readonly is: 'tester';
  readonly name: string;
  readonly summary: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** True when the words after `--` are not flags but belong to the tester as they are (exec). */
  readonly takesWords?: boolean;
  /** Lines about the words, for `--help`, when it takes words. */
  readonly usage?: string;
  /**
   * Throws UsageError for values that cannot work. Does nothing else.
   * `words` are the words after `--` when the tester takes words, else empty.
   */
  create(values: Values<F>, words: readonly string[], run: Run, typed: Typed): Tester;
}

/** Declares a tester, keeping the exact types of its flags. */
export const defineTester = <const F extends Flags>(kind: Omit<TesterKind<F>, 'is'>): TesterKind<F> => ({
  ...kind,
  is: 'tester',
});
