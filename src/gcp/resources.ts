import { messageOf, RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { eachInParallel } from '../system/parallel.ts';

/** A resource of a project that costs money or conflicts with the next cluster. */
export interface Resource {
  /** The command group of gcloud after `compute`, such as `firewall-rules`. */
  readonly kind: string;
  readonly name: string;
  /** `zone=NAME`, `region=NAME`, `global`, or empty for kinds without a location. */
  readonly place: string;
}

/** Which resources of a project belong to an owner. */
export interface ResourceOwner {
  readonly project: string;
  /** The prefix of their names. Never empty. */
  readonly prefix: string;
  /** A network of the owner alone, so that everything in it is the owner's too. */
  readonly network: string | undefined;
}

/** The resources found, and the kinds that could not be listed. */
export interface Listing {
  readonly found: readonly Resource[];
  readonly unknown: readonly string[];
}

interface Kind {
  /** The command group of gcloud after `compute`. */
  readonly group: readonly string[];
  /** Its resources have a network. */
  readonly networked?: boolean;
  /** Its resources are in a region, or global. */
  readonly placed?: boolean;
}

/** In the order in which they can be deleted, which is that of Boskos' janitor. */
const KINDS: readonly Kind[] = [
  { group: ['instances'] },
  { group: ['addresses'], placed: true },
  { group: ['disks'] },
  { group: ['firewall-rules'], networked: true },
  { group: ['forwarding-rules'], networked: true, placed: true },
  { group: ['target-pools'] },
  { group: ['backend-services'], placed: true },
  { group: ['health-checks'], placed: true },
  { group: ['instance-groups', 'managed'] },
  { group: ['instance-groups', 'unmanaged'], networked: true },
  { group: ['instance-templates'] },
  { group: ['routes'], networked: true },
  { group: ['routers'], networked: true },
  { group: ['networks', 'subnets'], networked: true },
  { group: ['networks'] },
];

/** How many gcloud processes run in parallel; each is heavy. */
const PARALLEL = 5;

/**
 * Lists an owner's resources, in the order in which they can be deleted: those of the kinds `only` (`instances`), else of
 * all kinds. Throws RunError for an owner without a project or prefix.
 */
export async function listResources(
  owner: ResourceOwner,
  run: Run,
  signal: AbortSignal,
  only?: readonly string[],
): Promise<Listing> {
  checkOwner(owner);
  const kinds = KINDS.filter(({ group }) => only === undefined || only.includes(group.join(' ')));
  const found = new Map<Kind, readonly Resource[]>();
  const unknown: string[] = [];
  const list = async (kind: Kind, stop: AbortSignal): Promise<void> => {
    try {
      found.set(kind, await listKind(kind, owner, run, stop));
    } catch (error) {
      stop.throwIfAborted();
      unknown.push(kind.group.join(' '));
      run.log.detail(1, `Cannot list ${kind.group.join(' ')}: ${messageOf(error)}`);
    }
  };
  await eachInParallel(kinds, signal, list, PARALLEL);
  return { found: kinds.flatMap((kind) => found.get(kind) ?? []), unknown };
}

/** Deletes resources by kind and location. Returns an error message for each batch that could not be deleted. */
export async function deleteResources(
  project: string,
  resources: readonly Resource[],
  run: Run,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { group } of KINDS) {
    const ofKind = resources.filter(({ kind }) => kind === group.join(' '));
    for (const [place, batch = []] of Object.entries(Object.groupBy(ofKind, (each) => each.place))) {
      try {
        await run.exec(deleteCommand(project, group, place, batch), { signal, output: 'log' });
      } catch (error) {
        signal.throwIfAborted();
        failures.push(messageOf(error));
      }
    }
  }
  return failures;
}

/** A resource in words, unique in its project. */
export const describeResource = ({ kind, name, place }: Resource): string =>
  `${kind} ${name}${place === '' ? '' : ` (${place.replace('=', ' ')})`}`;

/**
 * True for names of the owner with that prefix: the prefix alone, or with a suffix. A short prefix may also be that of
 * another owner, so it matches only with the suffixes of kube-up and the cluster's own controllers.
 */
export function isNamedAfter(prefix: string, name: string): boolean {
  if (name === prefix) return true;
  if (!name.startsWith(prefix)) return name.startsWith(`${prefix.slice(0, 26)}-`) && GUID.test(name);
  // kt2- and all 13 characters are those of this run alone.
  return prefix.length >= 17 || SUFFIXES.test(name.slice(prefix.length));
}

const GUID = /-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SUFFIXES =
  /^-(master|minion|windows-node|default|subnet|custom|nat|heapster|influxdb|dynamic|[0-9a-f]{8}-[0-9a-f]{4}-)/;

async function listKind(kind: Kind, owner: ResourceOwner, run: Run, signal: AbortSignal): Promise<Resource[]> {
  const { stdout } = await run.exec(listCommand(kind, owner), { signal, output: 'capture' });
  const items = JSON.parse(stdout === '' ? '[]' : stdout) as readonly Item[];
  return items
    .filter(
      ({ name, network }) =>
        isNamedAfter(owner.prefix, name) || (owner.network !== undefined && basename(network) === owner.network),
    )
    .map((item) => ({ kind: kind.group.join(' '), name: item.name, place: placeOf(item, kind) }));
}

interface Item {
  readonly name: string;
  readonly zone?: string;
  readonly region?: string;
  readonly network?: string;
}

function listCommand({ group, networked = false }: Kind, { project, prefix, network }: ResourceOwner): string[] {
  const named = `name~^${prefix.slice(0, 26)}`;
  const filter = networked && network !== undefined ? `${named} OR network~/${network}$` : named;
  return [
    ...['gcloud', 'compute', ...group, 'list', `--project=${project}`, `--filter=${filter}`],
    ...['--format=json(name,zone,region,network)', '--quiet'],
  ];
}

function deleteCommand(project: string, group: readonly string[], place: string, batch: readonly Resource[]): string[] {
  const location = place === '' ? [] : [`--${place}`];
  return [
    ...['gcloud', 'compute', ...group, 'delete', ...batch.map(({ name }) => name), `--project=${project}`, ...location],
    '--quiet',
  ];
}

function placeOf({ zone, region }: Item, { placed = false }: Kind): string {
  if (zone) return `zone=${basename(zone)}`;
  if (region) return `region=${basename(region)}`;
  return placed ? 'global' : '';
}

const basename = (url = ''): string => url.slice(url.lastIndexOf('/') + 1);

function checkOwner({ project, prefix }: ResourceOwner): void {
  if (project === '' || prefix === '')
    throw new RunError('cannot list resources: the project or the name prefix is empty');
}
