import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { instancePrefix } from '../../src/gcp/names.ts';
import type { Resource } from '../../src/gcp/resources.ts';
import type { GceContext } from './context.ts';
import { scriptVariables } from './environment.ts';

/** A cluster that kube-up.sh created or was started to create, as the run's state keeps it for later calls. */
export interface Cluster {
  /** Absolute. */
  readonly repoRoot: string;
  /** The variables of the scripts, without credentials and paths. */
  readonly variables: Readonly<Record<string, string>>;
  /** The zone of the instances, also when the scripts choose it. */
  readonly zone: string;
  /** Resources that had the names of this cluster before it was created. Not ours. */
  readonly before: readonly Resource[];
}

const FACT = 'gce-cluster';

/** The cluster that the flags describe. */
export async function plannedCluster(context: GceContext, project: string, zone: string): Promise<Cluster> {
  const repoRoot = rootOf(context);
  const variables = scriptVariables(context, project, zone);
  return { repoRoot, variables, zone: variables['KUBE_GCE_ZONE'] || (await defaultZone(repoRoot)), before: [] };
}

/** Records a cluster before it is created, with its project and zone under the names that other parts of the program read. */
export async function holdCluster(run: Run, cluster: Cluster): Promise<void> {
  const { project, prefix } = namesOf(cluster);
  const facts = { [FACT]: JSON.stringify(cluster), project, zone: cluster.zone };
  await run.state.holding(`the cluster ${prefix} in project ${project}`, facts);
}

export async function forgetCluster(run: Run): Promise<void> {
  await run.state.remember({ [FACT]: undefined });
}

/** The cluster that this call or an earlier one of the run has created, or begun to create. */
export function recallCluster(run: Run): Cluster | undefined {
  const text = run.state.recall(FACT);
  return text === undefined ? undefined : (JSON.parse(text) as Cluster);
}

/** The names that deletions match. Throws RunError when one is empty: then nothing may be deleted. */
export function namesOf({ variables }: Cluster): { project: string; prefix: string; network: string } {
  const { PROJECT: project = '', KUBE_GCE_INSTANCE_PREFIX: prefix = '', KUBE_GCE_NETWORK: network = '' } = variables;
  if (project === '' || prefix === '' || network === '') {
    throw new RunError('the project, instance prefix or network of the cluster is empty; nothing was deleted');
  }
  return { project, prefix, network };
}

/** True when the network was created for this run, and so was everything in it. */
export const ownsNetwork = (run: Run, cluster: Cluster): boolean => namesOf(cluster).network === instancePrefix(run.id);

/** True when the names of the cluster's resources are those of this run and no other. */
export const ownsNames = (run: Run, cluster: Cluster): boolean => namesOf(cluster).prefix === instancePrefix(run.id);

/** The tree with the scripts: --repo-root, else an earlier call's, else the working directory. */
export function rootOf({ run, values }: GceContext): string {
  const specified = values.repoRoot === '' ? undefined : resolve(run.cwd, values.repoRoot);
  return specified ?? recallCluster(run)?.repoRoot ?? run.cwd;
}

/** The zone that kube-up uses when none is set: the default in its configuration. */
async function defaultZone(repoRoot: string): Promise<string> {
  const config = await readFile(join(repoRoot, 'cluster', 'gce', 'config-test.sh'), 'utf8').catch(() => '');
  return /^ZONE=\$\{KUBE_GCE_ZONE:-([a-z0-9-]+)\}/m.exec(config)?.[1] ?? 'us-central1-b';
}
