import { messageOf } from '../../src/api/errors.ts';
import { delay } from '../../src/system/wait.ts';
import { type Cluster, forgetCluster, namesOf } from './cluster.ts';
import type { Site } from './context.ts';
import { closeNodePorts } from './firewall.ts';
import { judge, type Leaks, removeLeftovers } from './leak-check.ts';
import { runScript } from './scripts.ts';
import { removeStagedTars } from './staged-tars.ts';

/**
 * Removes a cluster: kube-down.sh, the rule this program made, the tars it was made of, and what is left after all that.
 * Throws when something that matters may still be there; then it is not forgotten.
 */
export async function removeCluster(site: Site, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { run } = site;
  const { project, prefix } = namesOf(cluster);
  run.log.info(`Removing the cluster ${prefix} in project ${project}.`);
  const failure = await kubeDown(site, cluster, signal);
  await closeNodePorts(run, cluster, signal);
  await removeStagedTars(run, cluster, signal);
  const leaks = await removeLeftovers(site, cluster, signal);
  if (failure !== undefined && !isGone(leaks)) throw failure;
  if (failure !== undefined) run.log.warn(`kube-down.sh failed, but nothing is left: ${messageOf(failure)}`);
  judge(site, leaks);
  await forgetCluster(run);
}

/** What kube-down.sh failed with, when it did so each time. */
async function kubeDown({ run, values }: Site, cluster: Cluster, signal: AbortSignal): Promise<unknown> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await runScript(run, cluster, ['kube-down.sh'], { signal });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= values.downRetries) return error;
      run.log.warn(`${messageOf(error)}; trying again.`);
      await delay(1000 * 2 ** attempt, signal);
    }
  }
}

const isGone = (leaks: Leaks | undefined): boolean => leaks?.certain === true && leaks.left.length === 0;
