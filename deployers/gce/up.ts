import type { Env } from '../../src/api/env.ts';
import { messageOf, RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { placeSshKeys } from '../../src/gcp/ssh-keys.ts';
import { awaitNewCluster } from '../../src/kube/new-cluster.ts';
import { monotonic } from '../../src/system/clock.ts';
import { CapacityWatch } from './capacity-errors.ts';
import { type Cluster, holdCluster, namesOf, plannedCluster, recallCluster } from './cluster.ts';
import type { GceContext } from './context.ts';
import { removeCluster } from './down.ts';
import { kubeconfigPath } from './environment.ts';
import { openNodePorts } from './firewall.ts';
import { getKube } from './get-kube.ts';
import { listOwned } from './leak-check.ts';
import { dumpLogs } from './logs.ts';
import { enableCommand, findKubectl, runScript } from './scripts.ts';

/** Creates the cluster in a project and waits until it is ready. After a failure it is kept, for its logs. */
export async function up(context: GceContext, project: string, signal: AbortSignal): Promise<void> {
  const { run, values } = context;
  refuseExisting(run);
  const planned = await plannedCluster(context, project, values.gcpZone);
  const release = run.asked.build ? {} : await getKube(context, planned, signal);
  if ((await findKubectl(run, planned.repoRoot)) === undefined) {
    throw new RunError('kubectl not found in the run directory, on PATH or in the release: install it');
  }
  if (values.enableComputeApi) await run.exec(enableCommand(project), { signal });
  await placeKeys(run);
  const before = (await listOwned(context, planned, signal))?.found ?? [];
  const zones = [values.gcpZone, ...values.gcpZones].filter((zone, at, all) => all.indexOf(zone) === at);
  for (let attempt = 0; ; attempt += 1) {
    const zone = zones[attempt % zones.length] ?? values.gcpZone;
    const cluster = { ...(await plannedCluster(context, project, zone)), before };
    if (await tryOnce(context, cluster, release, attempt, signal)) return;
  }
}

/** What an earlier call of this run created is left alone: a second Up would count it as another's, or delete it. */
function refuseExisting(run: Run): void {
  const existing = recallCluster(run);
  if (existing === undefined) return;
  const { prefix, project } = namesOf(existing);
  throw new RunError(
    `cluster "${prefix}" already exists in project ${project} (created by this run): tear it down with --down, or use another --run-id`,
  );
}

/** One attempt. True when the cluster is up, false when it was torn down for another attempt. */
async function tryOnce(
  context: GceContext,
  cluster: Cluster,
  release: Env,
  attempt: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { run, values } = context;
  const capacity = new CapacityWatch(values.upRetryPattern);
  const began = monotonic();
  const record = async (failure?: unknown): Promise<void> => {
    if (values.upRetries === 0) return;
    const name = `Up attempt ${attempt + 1} (${cluster.zone})`;
    const seconds = (monotonic() - began) / 1000;
    await run.records.junitCase({ name, seconds, ...(failure === undefined ? {} : { failure: messageOf(failure) }) });
  };
  try {
    await create(context, cluster, release, capacity, signal);
    await record();
    return true;
  } catch (error) {
    await record(error);
    signal.throwIfAborted();
    if (capacity.reason === undefined) throw error;
    const reason = `kube-up.sh failed because ${capacity.reason}`;
    if (attempt >= values.upRetries) {
      if (values.upRetries === 0)
        run.log.warn(`${reason}; set --up-retries to retry, and --gcp-zones to retry in other zones`);
      throw error;
    }
    run.log.warn(`${reason}; tearing down for attempt ${attempt + 2} of ${values.upRetries + 1}`);
  }
  await saveLogs(context, cluster, signal);
  await removeCluster(context, cluster, signal);
  return false;
}

async function create(
  context: GceContext,
  cluster: Cluster,
  release: Env,
  capacity: CapacityWatch,
  signal: AbortSignal,
): Promise<void> {
  const { run } = context;
  const { project, prefix } = namesOf(cluster);
  await holdCluster(run, cluster);
  run.log.info(`Creating cluster "${prefix}" in project ${project}, zone ${cluster.zone}`);
  await runScript(run, cluster, ['kube-up.sh'], { signal, env: release, onOutput: capacity.onOutput });
  await waitUntilReady(context, cluster, signal);
  await openNodePorts(run, cluster, signal);
}

async function waitUntilReady({ run, values }: GceContext, cluster: Cluster, signal: AbortSignal): Promise<void> {
  if (values.readyTimeout === 0) return;
  const master = `${namesOf(cluster).prefix}-master`;
  const allowed = cluster.variables['ALLOWED_NOTREADY_NODES'] ?? Math.floor(values.numNodes / 100);
  const created = {
    kubeconfig: cluster.variables['KUBECONFIG'] ?? kubeconfigPath(run),
    nodes: values.numNodes,
    counts: (name: string) => !name.startsWith(master),
    allowedNotReady: Number(allowed) || 0,
  };
  await awaitNewCluster(created, { duration: values.readyTimeout, flag: '--ready-timeout' }, run, signal);
}

/** Saves the logs of a failed attempt. Only warns when that fails. */
async function saveLogs(context: GceContext, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await dumpLogs(context, cluster, signal);
  } catch (error) {
    signal.throwIfAborted();
    context.run.log.warn(`Not all cluster logs were saved: ${messageOf(error)}`);
  }
}

/** Never fails Up: without keys gcloud creates some when the logs are collected. */
async function placeKeys({ env, log }: Run): Promise<void> {
  try {
    const { state, privateKey } = await placeSshKeys(env);
    log.detail(1, `SSH key ${privateKey}: ${state}`);
  } catch (error) {
    log.warn(`Cannot set up SSH keys, so instances may reject the log collection: ${messageOf(error)}`);
  }
}
