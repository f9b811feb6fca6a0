import { messageOf, RunError } from '../../src/api/errors.ts';
import {
  deleteResources,
  describeResource,
  type Listing,
  listResources,
  type Resource,
} from '../../src/gcp/resources.ts';
import { monotonic } from '../../src/system/clock.ts';
import { delay } from '../../src/system/wait.ts';
import { type Cluster, namesOf, ownsNetwork } from './cluster.ts';
import type { Site } from './context.ts';

/** How often what is left is deleted one by one: what refuses goes once what uses it is gone. */
const ROUNDS = 3;

/** What is in the project under the cluster's names; undefined when nobody wants to know. */
export async function lookAround(site: Site, cluster: Cluster, signal: AbortSignal): Promise<Listing | undefined> {
  const { run, values } = site;
  if (values.leakedResources === 'off') return undefined;
  const { project, prefix, network } = namesOf(cluster);
  return await listResources(
    { project, prefix, network: ownsNetwork(run, cluster) ? network : undefined },
    run,
    signal,
  );
}

/** What the leak check came to. */
export interface Leaks {
  readonly left: readonly Resource[];
  /** False when some kinds could not be listed. */
  readonly certain: boolean;
}

/**
 * Deletes what is left of a cluster after kube-down.sh, which says that it went well in any case, and tells it in a
 * junit case of its own. Returns what is left even so; undefined when nobody wants to know.
 */
export async function removeLeftovers(site: Site, cluster: Cluster, signal: AbortSignal): Promise<Leaks | undefined> {
  const { run } = site;
  const began = monotonic();
  const told: string[] = [];
  let listing = await ours(site, cluster, signal);
  if (listing === undefined) return undefined;
  for (let round = 1; round <= ROUNDS && listing.found.length > 0; round += 1) {
    told.push(`left by kube-down.sh: ${sentence(listing.found)}`);
    run.log.warn(
      `kube-down.sh has left ${sentence(listing.found)}; deleting ${round === 1 ? 'that' : 'what is left of it'}.`,
    );
    told.push(...(await deleteResources(namesOf(cluster).project, listing.found, run, signal)));
    if (round > 1) await delay(1000 * round, signal);
    listing = (await ours(site, cluster, signal)) ?? listing;
  }
  const leaks = { left: listing.found, certain: listing.unknown.length === 0 };
  if (!leaks.certain) told.push(`gcloud did not list: ${listing.unknown.join(', ')}`);
  await tell(site, leaks, told, (monotonic() - began) / 1000);
  return leaks;
}

/** Throws RunError when something is left and that is to be a failure. */
export function judge({ values }: Site, leaks: Leaks | undefined): void {
  if (values.leakedResources === 'fail' && leaks !== undefined && leaks.left.length > 0)
    throw new RunError(leaked(leaks));
}

async function ours(site: Site, cluster: Cluster, signal: AbortSignal): Promise<Listing | undefined> {
  const listing = await lookAround(site, cluster, signal);
  const before = new Set(cluster.before.map(describeResource));
  return listing && { ...listing, found: listing.found.filter((each) => !before.has(describeResource(each))) };
}

async function tell({ run, values }: Site, leaks: Leaks, told: readonly string[], seconds: number): Promise<void> {
  const fails = values.leakedResources === 'fail' && leaks.left.length > 0;
  if (leaks.left.length > 0) run.log.warn(leaked(leaks));
  if (!leaks.certain) run.log.warn('Not everything that could be left of the cluster could be looked for.');
  run.records.event('leak check', { left: leaks.left.map(describeResource), certain: leaks.certain });
  const output = [...told, ...(leaks.left.length > 0 ? [leaked(leaks)] : [])].join('\n');
  try {
    await run.records.junitCase({
      name: 'LeakCheck',
      seconds,
      ...(fails ? { failure: leaked(leaks) } : {}),
      ...(output === '' ? {} : { output }),
    });
  } catch (error) {
    run.log.warn(messageOf(error));
  }
}

const leaked = ({ left }: Leaks): string => `the cluster is gone but for ${sentence(left)}`;
const sentence = (resources: readonly Resource[]): string => resources.map(describeResource).join(', ');
