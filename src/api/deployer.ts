import type { Env } from './env.ts';
import type { Flags, Values } from './flags.ts';
import type { Run } from './run.ts';

/**
 * One cluster's life. Every verb stops soon after its signal aborts, rethrowing the signal's reason.
 * The engine calls each at most once a run, in the order init, build, up, dumpLogs, down, finish.
 */
export interface Deployer {
  /** Checks and takes what the later steps need. Runs once, before everything else. */
  init?(signal: AbortSignal): Promise<void>;
  /** Builds Kubernetes in the form `up` consumes. A deployer without it refuses `--build`. */
  build?(signal: AbortSignal): Promise<void>;
  /** Provisions a cluster and waits until it can be tested. On failure leaves whatever it made for `down` to find. */
  up(signal: AbortSignal): Promise<void>;
  /** Removes what this run created, and nothing else. Safe to call when there is nothing. */
  down(signal: AbortSignal): Promise<void>;
  /** Saves what the cluster can tell, below the artifacts. The engine calls it once for each state of the cluster. */
  dumpLogs?(signal: AbortSignal): Promise<void>;
  /**
   * The kubeconfig of the cluster: an absolute path, or undefined when this run needs no cluster.
   * A deployer that promises one and has none throws.
   */
  kubeconfig?(): Promise<string | undefined>;
  /** Where Up will write the kubeconfig, for `--dry-run`: an absolute path. */
  kubeconfigPath?(): string;
  /** Variables for the tester, the hooks and later calls of the run. */
  outputs?(): Readonly<Record<string, string>>;
  /** The provider name e2e.test and clusterloader2 know this cluster by. */
  readonly provider?: string;
  /**
   * Aborts when what the cluster stands on was lost, a borrowed project for instance. Asked for after `init`; the engine
   * stops the run's work with its reason, as if the operator had.
   */
  lost?(): AbortSignal | undefined;
  /** Reacts to the tests' result, before logs and Down. `testError` is undefined when they passed. */
  afterTest?(testError: unknown, signal: AbortSignal): Promise<void>;
  /** The commands a step would run, as far as they can be known, for `--dry-run`. */
  plan?(step: 'build' | 'up' | 'down'): readonly (readonly string[])[];
  /**
   * The last word, on every path once `init` was called: gives back leases and keys. Called even when the operator has
   * given everything up, with a signal that has aborted: then it only lets go of what would keep this process alive.
   */
  finish?(signal: AbortSignal): Promise<void>;
}

/** What a deployer is created with. */
export interface DeployerOrder<F extends Flags> {
  /** The values of its flags. */
  readonly flags: Values<F>;
  readonly run: Run;
}

/** A deployer as the command line sees it: a name, its flags, and how to make one. */
export interface DeployerKind<F extends Flags = Flags> {
  readonly is: 'deployer';
  readonly name: string;
  /** One line for `--help` and `list`. */
  readonly summary: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** Throws UsageError for values that cannot work together. Does nothing else: no files, no processes. */
  create(order: DeployerOrder<F>): Deployer;
  /**
   * Flags (`--name=value`) of the named tester that go before what is typed: what jobs of this deployer have always said
   * in another way, in variables for instance.
   */
  testerDefaults?(tester: string, env: Env, values: Values<F>): readonly string[];
}

/** Declares a deployer, keeping the exact types of its flags. */
export const defineDeployer = <const F extends Flags>(kind: Omit<DeployerKind<F>, 'is'>): DeployerKind<F> => ({
  ...kind,
  is: 'deployer',
});
