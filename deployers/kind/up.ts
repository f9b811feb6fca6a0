import { mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import { awaitNewCluster } from '../../src/kube/new-cluster.ts';
import { type ClusterPlan, clusterResource } from './cluster.ts';
import { lacksNetwork, mergeConfigs } from './config.ts';
import { containersOf, countNodes, needsKindNetwork } from './containers.ts';
import { breakKubeconfigLock, kubeconfigPath, runKind, type Tools } from './exec-kind.ts';
import { causedByNameTaken } from './failures.ts';
import { createArgs, savedConfigPath } from './kind-args.ts';
import { loadImages } from './load.ts';
import { configureCluster } from './post-create.ts';
import { unreachableServer } from './remote-daemon.ts';

/**
 * Creates the cluster and waits until it is ready. After a failure its nodes are kept, for their logs. `onClaim` is
 * called before anything is created: what exists until then is not this call's.
 */
export async function up(tools: Tools, plan: ClusterPlan, signal: AbortSignal, onClaim: () => void): Promise<void> {
  const { run, values } = tools;
  await claim(tools, plan.name, signal);
  onClaim();
  const effective = mergeConfigs(plan.flagConfig ?? {}, plan.file?.config ?? {});
  const unreachable = unreachableServer(tools.provider, run.env, effective);
  if (unreachable !== undefined) run.log.warn(unreachable);
  const config = await saveConfig(tools, plan);
  await create(tools, plan, config, signal);
  const containers = await containersOf(tools, plan.name, signal);
  await run.state.remember({ 'kind-nodes': containers.map(({ id }) => id).join(',') });
  await loadImages(tools, plan.name, signal);
  await configureCluster(tools, plan.name, effective, signal);
  if (values.wait > 0) await waitUntilReady(tools, plan, countNodes(containers), signal);
}

/** Checks that the name is free, and records what to tear down before anything is created. */
async function claim(tools: Tools, name: string, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  const [existing, networkIsNew] = await Promise.all([
    containersOf(tools, name, signal),
    needsKindNetwork(tools, signal),
  ]);
  if (existing.length > 0) {
    const creator = run.state.recall('cluster-name') === name ? 'created by this run' : 'not created by this run';
    throw new RunError(
      `kind cluster "${name}" already exists (${creator}): delete it (kind delete cluster --name ${name}), or use another --cluster-name`,
    );
  }
  await run.state.holding(clusterResource(name), {
    'cluster-name': name,
    'kubeconfig-path': kubeconfigPath(tools),
    'kind-program': tools.kind,
    'kind-provider': tools.provider,
    'kind-network': networkIsNew ? 'new' : undefined,
    'kind-nodes': undefined,
  });
}

/** Saves the configuration for kind in the artifacts. Returns its path; undefined for kind's defaults. */
async function saveConfig({ run, values }: Tools, { flagConfig, file }: ClusterPlan): Promise<string | undefined> {
  if (!flagConfig && !file) return undefined;
  const saved = savedConfigPath(run);
  await mkdir(run.artifacts, { recursive: true });
  if (file && !flagConfig) {
    if (resolve(run.cwd, values.config) !== saved) await writeFile(saved, file.text);
    return file.isRegular ? values.config : saved;
  }
  const { stringify } = await import('yaml');
  await writeFile(saved, stringify(mergeConfigs(flagConfig ?? {}, file?.config ?? {})));
  return saved;
}

async function create(
  tools: Tools,
  { name, image }: ClusterPlan,
  config: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { run } = tools;
  await breakKubeconfigLock(tools);
  run.log.info(`Creating cluster "${name}"`);
  try {
    await runKind(tools, createArgs(tools, name, image, config), { signal });
  } catch (error) {
    // Another process has created a cluster with the name meanwhile: it is not ours.
    if (causedByNameTaken(error)) {
      await run.state.remember({ 'cluster-name': undefined, 'kind-network': undefined });
      await run.state.released(clusterResource(name));
    }
    throw error;
  }
}

async function waitUntilReady(tools: Tools, plan: ClusterPlan, nodes: number, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const context = `kind-${plan.name}`;
  const cluster = { kubeconfig: kubeconfigPath(tools), context, nodes, hasNetwork: !lacksNetwork(plan.file?.config) };
  await awaitNewCluster(cluster, { duration: values.wait, flag: '--wait' }, run, signal);
}
