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
import type { GceContext } from './context.ts';

/** How often leftovers are deleted one by one: a resource in use can be deleted once its user is gone. */
const ROUNDS = 3;

/** The resources in the project with the cluster's names; undefined with --leaked-resources=off. */
export async function listOwned(
  context: GceContext,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Listing | undefined> {
  const { run, values } = context;
  if (values.leakedResources === 'off') return undefined;
  const { project, prefix, network } = namesOf(cluster);
  return await listResources(
    { project, prefix, network: ownsNetwork(run, cluster) ? network : undefined },
    run,
    signal,
  );
}

/** The result of the leak check. */
export interface LeakReport {
  readonly left: readonly Resource[];
  /** False when some kinds could not be listed. */
  readonly certain: boolean;
}

/**
 * Deletes what kube-down.sh, which always exits with 0, left of a cluster, and records it in a junit case of its own.
 * Returns what still exists after that; undefined with --leaked-resources=off.
 */
export async function removeLeftovers(
  context: GceContext,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<LeakReport | undefined> {
  const { run } = context;
  const began = monotonic();
  const lines: string[] = [];
  let listing = await leftovers(context, cluster, signal);
  if (listing === undefined) return undefined;
  for (let round = 1; round <= ROUNDS && listing.found.length > 0; round += 1) {
    lines.push(`left by kube-down.sh: ${describeAll(listing.found)}`);
    run.log.warn(`Deleting what kube-down.sh left: ${describeAll(listing.found)}`);
    lines.push(...(await deleteResources(namesOf(cluster).project, listing.found, run, signal)));
    if (round > 1) await delay(1000 * round, signal);
    listing = (await leftovers(context, cluster, signal)) ?? listing;
  }
  const leaks = { left: listing.found, certain: listing.unknown.length === 0 };
  if (!leaks.certain) lines.push(`gcloud could not list: ${listing.unknown.join(', ')}`);
  await reportLeaks(context, leaks, lines, (monotonic() - began) / 1000);
  return leaks;
}

/** Throws RunError when resources are left, with --leaked-resources=fail. */
export function failOnLeaks({ values }: GceContext, leaks: LeakReport | undefined): void {
  if (values.leakedResources === 'fail' && leaks !== undefined && leaks.left.length > 0)
    throw new RunError(leaked(leaks));
}

async function leftovers(context: GceContext, cluster: Cluster, signal: AbortSignal): Promise<Listing | undefined> {
  const listing = await listOwned(context, cluster, signal);
  const before = new Set(cluster.before.map(describeResource));
  return listing && { ...listing, found: listing.found.filter((each) => !before.has(describeResource(each))) };
}

async function reportLeaks(
  { run, values }: GceContext,
  leaks: LeakReport,
  lines: readonly string[],
  seconds: number,
): Promise<void> {
  const fails = values.leakedResources === 'fail' && leaks.left.length > 0;
  if (leaks.left.length > 0) run.log.warn(`Leaked resources: ${describeAll(leaks.left)}`);
  if (!leaks.certain)
    run.log.warn('The leak check is incomplete: gcloud could not list some kinds of resources (see -v=1)');
  run.records.event('leak check', { left: leaks.left.map(describeResource), certain: leaks.certain });
  const output = [...lines, ...(leaks.left.length > 0 ? [leaked(leaks)] : [])].join('\n');
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

const leaked = ({ left }: LeakReport): string => `leaked resources: ${describeAll(left)}`;
const describeAll = (resources: readonly Resource[]): string => resources.map(describeResource).join(', ');
