import type { Env } from './env.ts';
import type { Flags, Values } from './flags.ts';
import type { Run } from './run.ts';

/** The context of the tests, composed after Up. */
export interface TestContext {
  /** The live environment, the deployer's outputs, PATH with the run directory first, ARTIFACTS, KUBETEST2_RUN_DIR, KUBETEST2_RUN_ID, KUBECONFIG. */
  readonly env: Env;
  /** Absolute, or undefined when the deployer has no cluster. */
  readonly kubeconfig: string | undefined;
  /** The deployer's provider name, if it has one. */
  readonly provider: string | undefined;
}

/** The report of tests that passed. */
export interface TestSummary {
  /** Lines for the terminal and for junit's Test case: totals, slowest, flakes. */
  readonly text: string;
}

/** Runs tests against the cluster. */
export interface Tester {
  /**
   * Does what does not need the cluster: finding, downloading and verifying programs. Runs in parallel with Build and Up
   * and completes before the tests; its failure stops Up.
   */
  prepare?(signal: AbortSignal): Promise<void>;
  /** True when `prepare` needs the result of Build; then it starts after Build. */
  readonly preparesAfterBuild?: boolean;
  /** Resolves when the tests passed. Throws TestsFailedError, or CommandError, when they did not. */
  test(context: TestContext, signal: AbortSignal): Promise<TestSummary | undefined>;
  /** The commands `test` would run, as far as they are known, for `--dry-run`. */
  plan?(context: TestContext): readonly (readonly string[])[];
}

/** The argument of TesterKind.create. */
export interface TesterOrder<F extends Flags> {
  /** The values of its flags. */
  readonly flags: Values<F>;
  /** Everything after `--` for a tester with `takesArgs`; else empty. */
  readonly args: readonly string[];
  /** The names of the flags that were specified. */
  readonly specified: ReadonlySet<string>;
  /** `-v` among the tester's own arguments. */
  readonly verbosity: number;
  readonly run: Run;
}

/** A tester as the command line sees it: name, flags, and a factory. */
export interface TesterKind<F extends Flags = Flags> {
  readonly is: 'tester';
  readonly name: string;
  /** Its own version, for `--version` and metadata.json. Default: that of kubetest2-ts. */
  readonly version?: string;
  readonly summary: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** True when the arguments after `--` are not parsed but passed to the tester (exec). */
  readonly takesArgs?: boolean;
  /** For `takesArgs`: the first line follows `--test=NAME` in the usage, further lines go below the help. */
  readonly usage?: string;
  /** Throws UsageError for values that cannot work. Does nothing else: no files, no processes. */
  create(order: TesterOrder<F>): Tester | Promise<Tester>;
}

/** Declares a tester, keeping the exact types of its flags. */
export const defineTester = <const F extends Flags>(kind: Omit<TesterKind<F>, 'is'>): TesterKind<F> => ({
  ...kind,
  is: 'tester',
});
