import { messageOf } from '../../src/api/errors.ts';
import { delay } from '../../src/system/wait.ts';
import { type Cluster, forgetCluster, namesOf } from './cluster.ts';
import type { GceContext } from './context.ts';
import { closeNodePorts } from './firewall.ts';
import { failOnLeaks, type LeakReport, removeLeftovers } from './leak-check.ts';
import { runScript } from './scripts.ts';
import { removeStagedTars } from './staged-tars.ts';

/**
 * Tears down a cluster: runs kube-down.sh, then deletes the firewall rule of this program, the staged tars and any
 * leftovers. Throws when resources may still exist; then the run's state keeps the cluster.
 */
export async function removeCluster(context: GceContext, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { run } = context;
  const { project, prefix } = namesOf(cluster);
  run.log.info(`Tearing down cluster "${prefix}" in project ${project}`);
  const failure = await kubeDown(context, cluster, signal);
  await closeNodePorts(run, cluster, signal);
  await removeStagedTars(run, cluster, signal);
  const leaks = await removeLeftovers(context, cluster, signal);
  if (failure !== undefined && !isGone(leaks)) throw failure;
  if (failure !== undefined) run.log.warn(`kube-down.sh failed, but no resources are left: ${messageOf(failure)}`);
  failOnLeaks(context, leaks);
  await forgetCluster(run);
}

/** Runs kube-down.sh. Returns its error when every attempt failed. */
async function kubeDown({ run, values }: GceContext, cluster: Cluster, signal: AbortSignal): Promise<unknown> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await runScript(run, cluster, ['kube-down.sh'], { signal });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= values.downRetries) return error;
      run.log.warn(`Retrying kube-down.sh: ${messageOf(error)}`);
      await delay(1000 * 2 ** attempt, signal);
    }
  }
}

const isGone = (leaks: LeakReport | undefined): boolean => leaks?.certain === true && leaks.left.length === 0;
