import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { instancePrefix } from '../../src/gcp/names.ts';
import type { Resource } from '../../src/gcp/resources.ts';
import type { Site } from './context.ts';
import { scriptVariables } from './environment.ts';

/** A cluster that kube-up.sh made or was told to make, as the run's state keeps it for later calls. */
export interface Cluster {
  /** Absolute. */
  readonly repoRoot: string;
  /** What the scripts are told beside credentials and paths. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where the machines are, also when the scripts are left to choose. */
  readonly zone: string;
  /** What bore the names of this cluster before it was made. Not ours. */
  readonly before: readonly Resource[];
}

const FACT = 'gce-cluster';

/** The cluster that the flags mean. */
export async function plannedCluster(site: Site, project: string, zone: string): Promise<Cluster> {
  const repoRoot = rootOf(site);
  const variables = scriptVariables(site, project, zone);
  return { repoRoot, variables, zone: variables['KUBE_GCE_ZONE'] || (await defaultZone(repoRoot)), before: [] };
}

/** Writes a cluster down, with the project and the zone under the names other parts of the program know. */
export async function rememberCluster(run: Run, cluster: Cluster): Promise<void> {
  const { project } = namesOf(cluster);
  await run.state.remember({ [FACT]: JSON.stringify(cluster), project, zone: cluster.zone });
}

export async function forgetCluster(run: Run): Promise<void> {
  await run.state.remember({ [FACT]: undefined });
}

/** The cluster this call or an earlier one of the run has made, or has begun to make. */
export function recallCluster(run: Run): Cluster | undefined {
  const text = run.state.recall(FACT);
  return text === undefined ? undefined : (JSON.parse(text) as Cluster);
}

/** What deletes go by. Throws RunError when one of them is empty: then nothing may be deleted. */
export function namesOf({ variables }: Cluster): { project: string; prefix: string; network: string } {
  const { PROJECT: project = '', KUBE_GCE_INSTANCE_PREFIX: prefix = '', KUBE_GCE_NETWORK: network = '' } = variables;
  if (project === '' || prefix === '' || network === '') {
    throw new RunError('the project, the prefix or the network of the cluster is empty: nothing is done to it');
  }
  return { project, prefix, network };
}

/** True when the network was made for this run, and with it whatever is in it. */
export const ownsNetwork = (run: Run, cluster: Cluster): boolean => namesOf(cluster).network === instancePrefix(run.id);

/** True when everything of the cluster bears the name of this run and of no other. */
export const ownsNames = (run: Run, cluster: Cluster): boolean => namesOf(cluster).prefix === instancePrefix(run.id);

/** The tree with the scripts: the one that was typed, else an earlier call's, else the working directory. */
export function rootOf({ run, values }: Site): string {
  const typed = values.repoRoot === '' ? undefined : resolve(run.cwd, values.repoRoot);
  return typed ?? recallCluster(run)?.repoRoot ?? run.cwd;
}

/** The zone kube-up takes when it is told none: what its configuration says. */
async function defaultZone(repoRoot: string): Promise<string> {
  const config = await readFile(join(repoRoot, 'cluster', 'gce', 'config-test.sh'), 'utf8').catch(() => '');
  return /^ZONE=\$\{KUBE_GCE_ZONE:-([a-z0-9-]+)\}/m.exec(config)?.[1] ?? 'us-central1-b';
}
