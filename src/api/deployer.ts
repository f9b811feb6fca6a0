import type { Env } from './env.ts';
import type { Flags, Values } from './flags.ts';
import type { Run } from './run.ts';

/**
 * Manages one cluster. Every method stops soon after its signal aborts, and rethrows the signal's reason.
 * A run calls each at most once, in the order init, build, up, dumpLogs, down, finish.
 */
export interface Deployer {
  /** Checks and acquires what the later steps need. Runs once, before everything else. */
  init?(signal: AbortSignal): Promise<void>;
  /** Builds Kubernetes in the form `up` uses. Without it, `--build` is a usage error. */
  build?(signal: AbortSignal): Promise<void>;
  /** Creates a cluster and waits until it is ready for tests. On failure it leaves what it created for `down` to remove. */
  up(signal: AbortSignal): Promise<void>;
  /** Deletes what this run created, and nothing else. Does nothing when there is nothing to delete. */
  down(signal: AbortSignal): Promise<void>;
  /** Saves the cluster's logs to the artifacts directory. Called once for each state of the cluster. */
  dumpLogs?(signal: AbortSignal): Promise<void>;
  /**
   * The kubeconfig of the cluster: an absolute path, or undefined when this run needs no cluster.
   * Throws when there should be one and is not.
   */
  kubeconfig?(): Promise<string | undefined>;
  /** The path where Up will write the kubeconfig, for `--dry-run`; absolute. */
  kubeconfigPath?(): string;
  /** Variables for the tester, the hooks and later calls of the run. */
  outputs?(): Readonly<Record<string, string>>;
  /** The `--provider` of e2e.test and clusterloader2 for this cluster. */
  readonly provider?: string;
  /**
   * Aborts when what the cluster depends on is lost, a leased project for instance. Called after `init`; the run stops
   * with its reason, as after a signal.
   */
  lost?(): AbortSignal | undefined;
  /** Called with the result of the tests, before logs and Down. `testError` is undefined when they passed. */
  afterTest?(testError: unknown, signal: AbortSignal): Promise<void>;
  /** The commands a step would run, as far as they are known, for `--dry-run`. */
  plan?(step: 'build' | 'up' | 'down'): readonly (readonly string[])[];
  /** The variables that the commands of Up are given, for `--dry-run`. */
  planVariables?(): Readonly<Record<string, string>>;
  /**
   * Called last, on every path once `init` was called: releases leases and keys. After a third signal it is called with a
   * signal that has already aborted; then it only releases what would keep this process alive.
   */
  finish?(signal: AbortSignal): Promise<void>;
}

/** The argument of DeployerKind.create. */
export interface DeployerOrder<F extends Flags> {
  /** The values of its flags. */
  readonly flags: Values<F>;
  readonly run: Run;
}

/** A deployer as the command line sees it: name, flags, and a factory. */
export interface DeployerKind<F extends Flags = Flags> {
  readonly is: 'deployer';
  readonly name: string;
  /** Its own version, for `--version` and metadata.json. Default: that of kubetest2-ts. */
  readonly version?: string;
  /** One line for `--help` and `list`. */
  readonly summary: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** Throws UsageError for values that cannot work together. Does nothing else: no files, no processes. */
  create(order: DeployerOrder<F>): Deployer;
  /**
   * Default flags (`--name=value`) for the named tester, which the command line overrides. For settings that jobs of this
   * deployer keep elsewhere, in environment variables for instance.
   */
  testerDefaults?(tester: string, env: Env, values: Values<F>): readonly string[];
}

/** Declares a deployer, keeping the exact types of its flags. */
export const defineDeployer = <const F extends Flags>(kind: Omit<DeployerKind<F>, 'is'>): DeployerKind<F> => ({
  ...kind,
  is: 'deployer',
});
