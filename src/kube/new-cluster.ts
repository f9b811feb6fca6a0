import type { Run } from '../api/run.ts';
import { monotonic } from '../system/clock.ts';
import type { WantedNodes } from './health.ts';
import { NotReadyError, type ReachableCluster, type ReadyTimeout, waitForApi, waitForCluster } from './ready.ts';

/** A cluster that Up has just created. */
export interface NewCluster extends WantedNodes {
  readonly kubeconfig: string;
  /** The current context when absent. */
  readonly context?: string;
  /** False when the network is installed later: then only the API must respond. Default: true. */
  readonly hasNetwork?: boolean;
}

/**
 * Waits until a new cluster is ready for tests. What is missing is shown as progress, its version goes into
 * `metadata.json`, and a cluster that does not become ready gets a junit case of its own, Readiness, with the conditions
 * of its nodes. Throws as `waitForCluster` does.
 */
export async function awaitNewCluster(
  { hasNetwork = true, ...cluster }: NewCluster,
  timeout: ReadyTimeout,
  run: Run,
  signal: AbortSignal,
): Promise<ReachableCluster> {
  const { exec, env, log } = run;
  const onProgress = (missing: string) => log.progress(`Waiting for the cluster: ${missing}`);
  const options = { ...cluster, exec, env, signal, timeout, onProgress };
  const began = monotonic();
  try {
    const reached = await (hasNetwork ? waitForCluster(options) : waitForApi(options));
    const state = hasNetwork ? 'Cluster is ready' : 'API is ready, the cluster has no network yet';
    log.info(`${state}: Kubernetes ${reached.serverVersion} at ${reached.server} (context ${reached.context})`);
    await run.records.metadata({ 'cluster-version': reached.serverVersion });
    return reached;
  } catch (error) {
    if (error instanceof NotReadyError) {
      const seconds = (monotonic() - began) / 1000;
      await run.records.junitCase({ name: 'Readiness', seconds, failure: error.message, output: error.details });
    }
    throw error;
  } finally {
    log.progress(undefined);
  }
}
