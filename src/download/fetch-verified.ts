import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';
import { type RetryPolicy, retry } from '../http/retry.ts';
import { monotonic } from '../system/clock.ts';
import { acquireLock, type Lock } from '../system/lock.ts';
import { checkBinary } from '../system/platform.ts';
import type { Cache, Content, Entry } from './cache/cache.ts';
import type { Expected } from './cache/digest.ts';
import { contentsOf, mergeEntry, WHOLE } from './cache-entry.ts';
import type { AcquirerWorld, Cached } from './downloader.ts';
import type { FetchRequest } from './fetch-request.ts';
import { publishedChecksum } from './published-checksum.ts';
import { type FetchedObject, fetchObject } from './transfer/fetch-object.ts';
import { openFileSink } from './transfer/file-sink.ts';
import { openPartialFile } from './transfer/partial-file.ts';
import { megabytes } from './transfer/progress.ts';
import type { Sink } from './transfer/sink.ts';
import type { Source } from './transfer/source.ts';
import { openTarSink } from './transfer/tar-sink.ts';

/** Dependencies of `fetchVerified`. */
export interface FetchDependencies {
  readonly settings: AcquireSettings;
  readonly world: AcquirerWorld;
  readonly policy: RetryPolicy;
  readonly source: Source;
  readonly cache: Cache;
  /** Reads a small text from a URL. */
  readonly text: (url: string, signal: AbortSignal) => Promise<string>;
}

/** Cached files by their names in a package; the file itself has the name `WHOLE`. */
export type CachedFiles = Readonly<Record<string, Cached>>;

/**
 * Returns verified files from the cache, fetching them first if needed. One process fetches, others wait for it.
 * Throws RunError when a file cannot be fetched or fails verification.
 */
export async function fetchVerified(request: FetchRequest, dependencies: FetchDependencies): Promise<CachedFiles> {
  const { cache, settings, world } = dependencies;
  const before = await lookUp(request, dependencies);
  if (before) return before;
  if (settings.offline) throw new RunError(`${request.shown} is not in the cache, and --offline is set`);
  await cache.prepare();
  await using lock = await acquireLock(cache.lockFile(request.key), {
    signal: request.signal,
    wait: true,
    lease: LEASE,
    onWait: (pid) => world.log.info(`Waiting for process ${pid}, which is fetching ${request.shown}`),
  });
  // Awaited here: the lock is released when this function returns.
  return (await lookUp(request, dependencies)) ?? (await fetchIntoCache(request, dependencies, lock));
}

/** Milliseconds after which a frozen process that fetches an object is passed by. */
const LEASE = 90_000;

/** The requested files, when all of them are in the cache and were verified as this run requires. */
async function lookUp(
  request: FetchRequest,
  { cache, settings, world }: FetchDependencies,
): Promise<CachedFiles | undefined> {
  const entry = await cache.read(request.key);
  if (entry === undefined || !isTrusted(entry, request, settings)) return undefined;
  // Before the files are looked up: what is pruned from now on is not this entry.
  if (!(await cache.touch(request.key))) return undefined;
  const contents = contentsOf(entry);
  const found: Record<string, Cached> = {};
  for (const name of request.members ?? [WHOLE]) {
    const content = contents[name];
    const path = content && (await cache.find(content, request.signal));
    if (content === undefined || path === undefined) return undefined;
    found[name] = { ...content, path, ...originOf(request, entry), cacheHit: true };
  }
  await checkPlatforms(request, found);
  world.log.detail(1, `Using ${request.shown} from the cache`);
  world.records.event('download', { ...eventOf(request, entry), cacheHit: true });
  return found;
}

function isTrusted(entry: Entry, { pin, sha256 }: FetchRequest, { allowUnverified }: AcquireSettings): boolean {
  if (pin) return entry.digests.sha512 === pin.sha512;
  if (sha256 !== undefined) return entry.digests.sha256 === sha256;
  return entry.verified !== 'nothing' || allowUnverified;
}

async function fetchIntoCache(
  request: FetchRequest,
  dependencies: FetchDependencies,
  lock: Pick<Lock, 'isHeld'>,
): Promise<CachedFiles> {
  const { cache, settings, world, policy, source } = dependencies;
  const { url, shown, key, signal } = request;
  const expected = await expectedChecksum(request, dependencies);
  const started = monotonic();
  try {
    const fetched = await fetchObject(request, {
      signal,
      source,
      policy,
      connections: settings.downloadConnections,
      log: world.log,
      expected,
      size: request.pin?.size,
      // Without a checksum, parts of different objects would go unnoticed.
      partial: expected && !url.startsWith('file:') ? await openPartialFile(cache.unfinished(key)) : undefined,
      open: async () => openSink(request, await cache.scratch(key)),
    });
    await checkPlatforms(request, Object.fromEntries(fetched.files));
    if (!lock.isHeld()) throw new RunError(`another process took over fetching ${shown} while this one was suspended`);
    const contents: Record<string, Content> = {};
    const paths: Record<string, string> = {};
    for (const [name, { path, sha256, size }] of fetched.files) {
      contents[name] = { sha256, size };
      paths[name] = await cache.keep(path, { sha256, size });
    }
    const verified = request.pin ? 'pin' : (expected?.algorithm ?? 'nothing');
    const entry = mergeEntry(await cache.read(key), { url: shown, fetched, verified, contents });
    await cache.write(key, entry);
    const seconds = (monotonic() - started) / 1000;
    const size = megabytes(fetched.size);
    world.log.info(`Fetched ${shown} (${size} MB in ${seconds.toFixed(1)}s, ${verification(fetched, expected)})`);
    world.records.event('download', { ...eventOf(request, entry), cacheHit: false, seconds });
    const origin = originOf(request, entry);
    return Object.fromEntries(
      Object.entries(contents).map(([name, content]) => [
        name,
        { ...content, path: paths[name] ?? '', ...origin, cacheHit: false },
      ]),
    );
  } finally {
    if (lock.isHeld()) await cache.clear(key);
  }
}

async function openSink({ shown, members }: FetchRequest, directory: string): Promise<Sink> {
  return members ? openTarSink(shown, members, directory) : openFileSink(join(directory, 'whole'), WHOLE);
}

/** The checksum that the content must have. Undefined only where the run accepts unverified files. */
async function expectedChecksum(
  { url, shown, pin, sha256, signal }: FetchRequest,
  { settings, world, text, source, policy }: FetchDependencies,
): Promise<Expected | undefined> {
  if (pin) return { algorithm: 'sha512', hex: pin.sha512, from: settings.pins };
  if (sha256 !== undefined) return { algorithm: 'sha256', hex: sha256, from: 'this program' };
  const published = await publishedChecksum(url, (each) => text(each, signal));
  if (published) return published;
  // If the file does not exist either, that is the error to report.
  const first = await retry(() => source.open(url, { from: 0, to: 1, signal }), policy, signal);
  first.discard();
  if (!settings.allowUnverified)
    throw new RunError(
      `no checksum published for ${shown} (looked for .sha512, .sha256, .sha256sum, SHA512SUMS, SHA256SUMS); --allow-unverified accepts it`,
    );
  world.log.warn(`No checksum published for ${shown}; accepting it because of --allow-unverified`);
  return undefined;
}

/** Throws RunError unless every file is a binary for the requested platform, if any. */
async function checkPlatforms(
  { shown, platform }: FetchRequest,
  files: Readonly<Record<string, { readonly path: string }>>,
): Promise<void> {
  if (platform === undefined) return;
  for (const [name, { path }] of Object.entries(files))
    await checkBinary(path, platform, name === WHOLE ? shown : `${name} in ${shown}`);
}

function originOf({ shown, pin }: FetchRequest, entry: Entry): Pick<Cached, 'url' | 'verified'> {
  return { url: shown, verified: pin ? 'pin' : entry.verified };
}

/** The fields of the `download` event. */
function eventOf(request: FetchRequest, entry: Entry): Readonly<Record<string, unknown>> {
  const { size, digests } = entry;
  const { members } = request;
  return { ...originOf(request, entry), bytes: size, ...digests, ...(members ? { members } : {}) };
}

function verification({ algorithm, hex }: FetchedObject, expected: Expected | undefined): string {
  const digest = `${algorithm} ${hex.slice(0, 16)}…`;
  return expected ? `${digest} verified against ${expected.from}` : `${digest} not verified`;
}
