import type { Env } from '../../src/api/env.ts';
import { messageOf, RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { placeSshKeys } from '../../src/gcp/ssh-keys.ts';
import { awaitNewCluster } from '../../src/kube/new-cluster.ts';
import { monotonic } from '../../src/system/clock.ts';
import { ShortageWatch } from './capacity-errors.ts';
import { type Cluster, namesOf, plannedCluster, rememberCluster } from './cluster.ts';
import type { Site } from './context.ts';
import { removeCluster } from './down.ts';
import { kubeconfigPath } from './environment.ts';
import { openNodePorts } from './firewall.ts';
import { getKube } from './get-kube.ts';
import { lookAround } from './leak-check.ts';
import { dumpLogs } from './logs.ts';
import { findKubectl, runScript } from './scripts.ts';

/** Makes the cluster in a project and waits until it can be tested. What was made before a failure stays, for its logs. */
export async function up(site: Site, project: string, signal: AbortSignal): Promise<void> {
  const { run, values } = site;
  const planned = await plannedCluster(site, project, values.gcpZone);
  const release = run.asked.build ? {} : await getKube(site, planned, signal);
  if ((await findKubectl(run, planned.repoRoot)) === undefined) {
    throw new RunError('there is no kubectl, neither in the run dir nor on PATH nor in the release: install it');
  }
  if (values.enableComputeApi) await run.exec(enableWords(project), { signal });
  await placeKeys(run);
  const before = (await lookAround(site, planned, signal))?.found ?? [];
  const zones = [values.gcpZone, ...values.gcpZones].filter((zone, at, all) => all.indexOf(zone) === at);
  for (let attempt = 0; ; attempt += 1) {
    const zone = zones[attempt % zones.length] ?? values.gcpZone;
    const cluster = { ...(await plannedCluster(site, project, zone)), before };
    if (await tryOnce(site, cluster, release, attempt, signal)) return;
  }
}

/** One attempt. True when the cluster is up, false when another attempt is due and the ground is clear for it. */
async function tryOnce(
  site: Site,
  cluster: Cluster,
  release: Env,
  attempt: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { run, values } = site;
  const watch = new ShortageWatch(values.upRetryPattern);
  const began = monotonic();
  const tell = async (failure?: unknown): Promise<void> => {
    if (values.upRetries === 0) return;
    const name = `Up attempt ${attempt + 1} (${cluster.zone})`;
    const seconds = (monotonic() - began) / 1000;
    await run.records.junitCase({ name, seconds, ...(failure === undefined ? {} : { failure: messageOf(failure) }) });
  };
  try {
    await create(site, cluster, release, watch, signal);
    await tell();
    return true;
  } catch (error) {
    await tell(error);
    signal.throwIfAborted();
    if (watch.why === undefined) throw error;
    const hint = `Up failed because ${watch.why}`;
    if (attempt >= values.upRetries) {
      if (values.upRetries === 0) run.log.warn(`${hint}; --up-retries tries again, --gcp-zones elsewhere.`);
      throw error;
    }
    run.log.warn(`${hint}; clearing up for attempt ${attempt + 2} of ${values.upRetries + 1}.`);
  }
  await saveLogs(site, cluster, signal);
  await removeCluster(site, cluster, signal);
  return false;
}

async function create(
  site: Site,
  cluster: Cluster,
  release: Env,
  watch: ShortageWatch,
  signal: AbortSignal,
): Promise<void> {
  const { run } = site;
  const { project, prefix } = namesOf(cluster);
  await rememberCluster(run, cluster);
  await run.state.holding(`the cluster ${prefix} in project ${project}`);
  run.log.info(`Making the cluster ${prefix} in project ${project}, zone ${cluster.zone}.`);
  await runScript(run, cluster, ['kube-up.sh'], { signal, env: release, onOutput: watch.see });
  await waitUntilReady(site, cluster, signal);
  await openNodePorts(run, cluster, signal);
}

async function waitUntilReady({ run, values }: Site, cluster: Cluster, signal: AbortSignal): Promise<void> {
  if (values.readyTimeout === 0) return;
  const master = `${namesOf(cluster).prefix}-master`;
  const allowed = cluster.variables['ALLOWED_NOTREADY_NODES'] ?? Math.floor(values.numNodes / 100);
  const made = {
    kubeconfig: cluster.variables['KUBECONFIG'] ?? kubeconfigPath(run),
    nodes: values.numNodes,
    counts: (name: string) => !name.startsWith(master),
    allowedNotReady: Number(allowed) || 0,
  };
  await awaitNewCluster(made, { limit: values.readyTimeout, flag: '--ready-timeout' }, run, signal);
}

/** The logs of an attempt are worth having, and not worth failing for. */
async function saveLogs(site: Site, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await dumpLogs(site, cluster, signal);
  } catch (error) {
    signal.throwIfAborted();
    site.run.log.warn(`The cluster logs could not all be saved: ${messageOf(error)}`);
  }
}

/** Without keys gcloud makes some when the logs are fetched, so this never fails Up. */
async function placeKeys({ env, log }: Run): Promise<void> {
  try {
    const { state, privateKey } = await placeSshKeys(env);
    log.detail(1, `The SSH key ${privateKey} is ${state}.`);
  } catch (error) {
    log.warn(`The SSH keys could not be put in place, so machines may refuse to give their logs: ${messageOf(error)}`);
  }
}

export const enableWords = (project: string): string[] => [
  ...['gcloud', 'services', 'enable', 'compute.googleapis.com', `--project=${project}`, '--quiet'],
];
