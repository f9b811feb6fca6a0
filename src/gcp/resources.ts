import { messageOf, RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { eachInParallel } from '../system/parallel.ts';

/** Something in a project that costs money or is in the way of the next cluster. */
export interface Resource {
  /** As gcloud names it after `compute`, for instance `firewall-rules`. */
  readonly kind: string;
  readonly name: string;
  /** `zone=NAME`, `region=NAME`, `global`, or empty for kinds without a place. */
  readonly place: string;
}

/** Whose resources are meant. */
export interface Owner {
  readonly project: string;
  /** What their names begin with. Never empty. */
  readonly prefix: string;
  /** A network that is theirs alone, so that whatever is in it is theirs too. */
  readonly network: string | undefined;
}

/** What was found, and the kinds that could not be asked for. */
export interface Listing {
  readonly found: readonly Resource[];
  readonly unknown: readonly string[];
}

interface Kind {
  readonly words: readonly string[];
  /** Its resources say which network they are in. */
  readonly networked?: boolean;
  /** Its resources are in a region, or global. */
  readonly placed?: boolean;
}

/** In the order in which they can be deleted, which is that of Boskos' janitor. */
const KINDS: readonly Kind[] = [
  { words: ['instances'] },
  { words: ['addresses'], placed: true },
  { words: ['disks'] },
  { words: ['firewall-rules'], networked: true },
  { words: ['forwarding-rules'], networked: true, placed: true },
  { words: ['target-pools'] },
  { words: ['backend-services'], placed: true },
  { words: ['health-checks'], placed: true },
  { words: ['instance-groups', 'managed'] },
  { words: ['instance-groups', 'unmanaged'], networked: true },
  { words: ['instance-templates'] },
  { words: ['routes'], networked: true },
  { words: ['routers'], networked: true },
  { words: ['networks', 'subnets'], networked: true },
  { words: ['networks'] },
];

/** gcloud is a heavy program. */
const AT_ONCE = 5;

/**
 * Lists an owner's resources, in the order in which they can be deleted; `only` of the kinds named (`instances`), else
 * of all. Throws RunError for an owner without a name.
 */
export async function listResources(
  owner: Owner,
  run: Run,
  signal: AbortSignal,
  only?: readonly string[],
): Promise<Listing> {
  checkOwner(owner);
  const kinds = KINDS.filter(({ words }) => only === undefined || only.includes(words.join(' ')));
  const found = new Map<Kind, readonly Resource[]>();
  const unknown: string[] = [];
  const list = async (kind: Kind, stop: AbortSignal): Promise<void> => {
    try {
      found.set(kind, await listKind(kind, owner, run, stop));
    } catch (error) {
      stop.throwIfAborted();
      unknown.push(kind.words.join(' '));
      run.log.detail(1, `gcloud does not list ${kind.words.join(' ')}: ${messageOf(error)}`);
    }
  };
  await eachInParallel(kinds, signal, list, AT_ONCE);
  return { found: kinds.flatMap((kind) => found.get(kind) ?? []), unknown };
}

/** Deletes resources one kind and place after another. Returns a sentence for each group that could not be deleted. */
export async function deleteResources(
  project: string,
  resources: readonly Resource[],
  run: Run,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { words } of KINDS) {
    const ofKind = resources.filter(({ kind }) => kind === words.join(' '));
    for (const [place, group = []] of Object.entries(Object.groupBy(ofKind, (each) => each.place))) {
      try {
        const argv = deleteWords(project, words, place, group);
        await run.exec(argv, { signal, output: 'log' });
      } catch (error) {
        signal.throwIfAborted();
        failures.push(messageOf(error));
      }
    }
  }
  return failures;
}

/** A resource in words, for people and to tell it from others. */
export const describeResource = ({ kind, name, place }: Resource): string =>
  `${kind} ${name}${place === '' ? '' : ` (${place.replace('=', ' ')})`}`;

/**
 * True for names of an owner's: the prefix alone, or with an ending. A short prefix may be how another's begins, so
 * that only the endings of kube-up and the cluster's own controllers count with it.
 */
export function isNamedAfter(prefix: string, name: string): boolean {
  if (name === prefix) return true;
  if (!name.startsWith(prefix)) return name.startsWith(`${prefix.slice(0, 26)}-`) && GUID.test(name);
  // kt2- and the whole 13 characters: whoever has these is this run.
  return prefix.length >= 17 || ENDINGS.test(name.slice(prefix.length));
}

const GUID = /-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ENDINGS =
  /^-(master|minion|windows-node|default|subnet|custom|nat|heapster|influxdb|dynamic|[0-9a-f]{8}-[0-9a-f]{4}-)/;

async function listKind(kind: Kind, owner: Owner, run: Run, signal: AbortSignal): Promise<Resource[]> {
  const { stdout } = await run.exec(listWords(kind, owner), { signal, output: 'capture' });
  const items = JSON.parse(stdout === '' ? '[]' : stdout) as readonly Item[];
  return items
    .filter(
      ({ name, network }) =>
        isNamedAfter(owner.prefix, name) || (owner.network !== undefined && basename(network) === owner.network),
    )
    .map((item) => ({ kind: kind.words.join(' '), name: item.name, place: placeOf(item, kind) }));
}

interface Item {
  readonly name: string;
  readonly zone?: string;
  readonly region?: string;
  readonly network?: string;
}

function listWords({ words, networked = false }: Kind, { project, prefix, network }: Owner): string[] {
  const named = `name~^${prefix.slice(0, 26)}`;
  const filter = networked && network !== undefined ? `${named} OR network~/${network}$` : named;
  return [
    ...['gcloud', 'compute', ...words, 'list', `--project=${project}`, `--filter=${filter}`],
    ...['--format=json(name,zone,region,network)', '--quiet'],
  ];
}

function deleteWords(project: string, kind: readonly string[], place: string, group: readonly Resource[]): string[] {
  const where = place === '' ? [] : [`--${place}`];
  return [
    ...['gcloud', 'compute', ...kind, 'delete', ...group.map(({ name }) => name), `--project=${project}`, ...where],
    '--quiet',
  ];
}

function placeOf({ zone, region }: Item, { placed = false }: Kind): string {
  if (zone) return `zone=${basename(zone)}`;
  if (region) return `region=${basename(region)}`;
  return placed ? 'global' : '';
}

const basename = (url = ''): string => url.slice(url.lastIndexOf('/') + 1);

function checkOwner({ project, prefix }: Owner): void {
  if (project === '' || prefix === '') throw new RunError('resources without a project or a name are not looked for');
}
