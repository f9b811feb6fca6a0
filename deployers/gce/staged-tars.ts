import { createHash } from 'node:crypto';
import { CommandError, causeOf, messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { type Cluster, namesOf, ownsNames } from './cluster.ts';

/**
 * Takes away the tars that kube-up.sh has put into the project's staging bucket for the machines to fetch, and that
 * nothing else ever removes. Only those under the run's own name; the bucket stays. Warns when it cannot.
 */
export async function removeStagedTars(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  if (!ownsNames(run, cluster)) return;
  for (const folder of stagedTars(cluster)) {
    try {
      await run.exec(removeWords(cluster, folder), { signal, output: 'capture' });
    } catch (error) {
      signal.throwIfAborted();
      if (/matched no objects|not found/.test(causeOf(error, CommandError)?.output ?? '')) continue;
      run.log.warn(`The release that kube-up.sh put into ${folder} may still be there: ${messageOf(error)}`);
    }
  }
}

/** The folders kube-up.sh puts the tars into: one, or one for each of its regions when it is told to fall back. */
export function stagedTars(cluster: Cluster): string[] {
  const { project, prefix } = namesOf(cluster);
  const hash = createHash('md5').update(project).digest('hex').slice(0, 10);
  const all = cluster.variables['RELEASE_REGION_FALLBACK'] === 'true';
  const regions = all ? REGIONS : REGIONS.filter((region) => region === regionFor(cluster.zone));
  return regions.map((region) => `gs://kubernetes-staging-${hash}-${region}/${prefix}-devel`);
}

/** Where kube-up.sh has its buckets, which is not where the machines are. */
const REGIONS = ['us-central1', 'europe-west6', 'asia-northeast1'];

function regionFor(zone: string): string {
  if (zone.startsWith('asia-')) return 'asia-northeast1';
  return zone.startsWith('europe-') ? 'europe-west6' : 'us-central1';
}

/** By what is in the folder, and not the folder: a wrong name can then never be that of a bucket. */
const removeWords = (cluster: Cluster, folder: string): string[] => [
  ...['gcloud', 'storage', 'rm', `${folder}/**`, `--project=${namesOf(cluster).project}`, '--quiet'],
];
