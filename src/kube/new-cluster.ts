import type { Run } from '../api/run.ts';
import { monotonic } from '../system/clock.ts';
import type { WantedNodes } from './health.ts';
import { NotReadyError, type Reached, type Within, waitForApi, waitForCluster } from './ready.ts';

/** A cluster that Up has just made. */
export interface NewCluster extends WantedNodes {
  readonly kubeconfig: string;
  /** The current context when absent. */
  readonly context?: string;
  /** False while somebody else is still to install the network: then its API has to answer, and that is all. Default: true. */
  readonly hasNetwork?: boolean;
}

/**
 * Waits until a new cluster can be tested. What it still lacks is shown as progress, its version goes into
 * `metadata.json`, and a cluster that does not get ready has a junit case of its own, Readiness, with the conditions of
 * its nodes. Throws as `waitForCluster` does.
 */
export async function awaitNewCluster(
  { hasNetwork = true, ...cluster }: NewCluster,
  within: Within,
  run: Run,
  signal: AbortSignal,
): Promise<Reached> {
  const { exec, env, log } = run;
  const onProgress = (missing: string) => log.progress(`Waiting for the cluster: ${missing}`);
  const options = { ...cluster, exec, env, signal, within, onProgress };
  const began = monotonic();
  try {
    const reached = await (hasNetwork ? waitForCluster(options) : waitForApi(options));
    const state = hasNetwork ? 'is ready' : 'has no network yet';
    log.info(
      `The cluster of context ${reached.context} at ${reached.server} runs ${reached.serverVersion} and ${state}.`,
    );
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
