import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import { awaitNewCluster } from '../../src/kube/new-cluster.ts';
import { type KindConfig, lacksNetwork, mergeConfigs } from './config.ts';
import { containersOf, countNodes, lacksKindNetwork } from './containers.ts';
import { breakKubeconfigLock, kubeconfigPath, runKind, type Tools } from './exec-kind.ts';
import { causedByNameTaken } from './failures.ts';
import { createWords, keptConfigPath } from './kind-args.ts';
import { loadImages } from './load.ts';
import { tuneCluster } from './post-create.ts';

/** What init found out about the cluster to make. */
export interface ClusterPlan {
  readonly name: string;
  /** The node image, or empty for kind's own. */
  readonly image: string;
  /** What the flags ask for. */
  readonly wanted: KindConfig | undefined;
  /** What is in the file of --config. */
  readonly file: KindConfig | undefined;
}

/** What the run's state calls a cluster that has to be given back. */
export const clusterTaken = (name: string): string => `kind cluster ${name}`;

/** Creates the cluster and waits until it can be tested. Nodes that were made before a failure stay, for their logs. */
export async function up(tools: Tools, plan: ClusterPlan, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  await claim(tools, plan.name, signal);
  const config = await keepConfig(tools, plan);
  await create(tools, plan, config, signal);
  const containers = await containersOf(tools, plan.name, signal);
  await run.state.remember({ 'kind-nodes': containers.map(({ id }) => id).join(',') });
  await loadImages(tools, plan.name, signal);
  const effective = mergeConfigs(plan.wanted ?? {}, plan.file ?? {});
  await tuneCluster(tools, plan.name, effective, signal);
  if (values.wait > 0) await waitUntilReady(tools, plan, countNodes(containers), signal);
}

/** Makes sure that the name is free, and writes down what will have to be removed before anything is made. */
async function claim(tools: Tools, name: string, signal: AbortSignal): Promise<void> {
  const { run } = tools;
  const [there, networkIsNew] = await Promise.all([containersOf(tools, name, signal), lacksKindNetwork(tools, signal)]);
  if (there.length > 0) {
    const whose = run.state.recall('cluster-name') === name ? 'this run has made already' : 'this run did not make';
    throw new RunError(
      `there is a kind cluster named ${name}, which ${whose}; it was left alone: take it down (kind delete cluster --name ${name}), or choose another --cluster-name`,
    );
  }
  await run.state.remember({
    'cluster-name': name,
    'kubeconfig-path': kubeconfigPath(tools),
    'kind-program': tools.kind,
    'kind-provider': tools.provider,
    'kind-network': networkIsNew ? 'new' : undefined,
    'kind-nodes': undefined,
  });
  await run.state.holding(clusterTaken(name));
}

/** The configuration for kind, kept among the records: the path, or undefined when kind's defaults will do. */
async function keepConfig({ run, values }: Tools, { wanted, file }: ClusterPlan): Promise<string | undefined> {
  if (!wanted && !file) return undefined;
  const kept = keptConfigPath(run);
  await mkdir(run.artifacts, { recursive: true });
  if (!wanted) {
    const path = resolve(run.cwd, values.config);
    if (path !== kept) await copyFile(path, kept);
    return values.config;
  }
  const { stringify } = await import('yaml');
  await writeFile(kept, stringify(file ? mergeConfigs(wanted, file) : wanted));
  return kept;
}

async function create(
  tools: Tools,
  { name, image }: ClusterPlan,
  config: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { run } = tools;
  await breakKubeconfigLock(tools);
  run.log.info(`Creating the kind cluster ${name}.`);
  try {
    await runKind(tools, createWords(tools, name, image, config), { signal });
  } catch (error) {
    // Somebody was quicker with the name: nothing there is ours.
    if (causedByNameTaken(error)) {
      await run.state.remember({ 'cluster-name': undefined });
      await run.state.released(clusterTaken(name));
    }
    throw error;
  }
}

async function waitUntilReady(tools: Tools, plan: ClusterPlan, nodes: number, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const context = `kind-${plan.name}`;
  const cluster = { kubeconfig: kubeconfigPath(tools), context, nodes, hasNetwork: !lacksNetwork(plan.file) };
  await awaitNewCluster(cluster, { limit: values.wait, flag: '--wait' }, run, signal);
}
