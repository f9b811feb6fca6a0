import { createHash } from 'node:crypto';
import { CommandError, causeOf, messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { type Cluster, namesOf, ownsNames } from './cluster.ts';

/**
 * Deletes the tars that kube-up.sh has uploaded to the project's staging bucket for the instances, and that nothing else
 * deletes. Only those with the run's own name; the bucket is kept. Warns when it cannot.
 */
export async function removeStagedTars(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  if (!ownsNames(run, cluster)) return;
  for (const directory of stagedTars(cluster)) {
    try {
      await run.exec(removeCommand(cluster, directory), { signal, output: 'capture', tracked: true });
    } catch (error) {
      signal.throwIfAborted();
      if (/matched no objects|not found/.test(causeOf(error, CommandError)?.output ?? '')) continue;
      run.log.warn(`Cannot delete the release staged in ${directory}, it may still exist: ${messageOf(error)}`);
    }
  }
}

/** Where kube-up.sh uploads the tars: one directory, or one in each of its regions with RELEASE_REGION_FALLBACK. */
export function stagedTars(cluster: Cluster): string[] {
  const { project, prefix } = namesOf(cluster);
  const hash = createHash('md5').update(project).digest('hex').slice(0, 10);
  const all = cluster.variables['RELEASE_REGION_FALLBACK'] === 'true';
  const regions = all ? REGIONS : REGIONS.filter((region) => region === regionFor(cluster.zone));
  return regions.map((region) => `gs://kubernetes-staging-${hash}-${region}/${prefix}-devel`);
}

/** The regions of kube-up.sh's buckets, which are not those of the instances. */
const REGIONS = ['us-central1', 'europe-west6', 'asia-northeast1'];

function regionFor(zone: string): string {
  if (zone.startsWith('asia-')) return 'asia-northeast1';
  return zone.startsWith('europe-') ? 'europe-west6' : 'us-central1';
}

/** Matches the content of the directory, so that a wrong name can never delete a bucket. */
const removeCommand = (cluster: Cluster, directory: string): string[] => [
  ...['gcloud', 'storage', 'rm', `${directory}/**`, `--project=${namesOf(cluster).project}`, '--quiet'],
];
