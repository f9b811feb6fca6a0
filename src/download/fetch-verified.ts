import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';
import { type Pace, retried } from '../http/retry.ts';
import { monotonic } from '../system/clock.ts';
import { acquireLock } from '../system/lock.ts';
import { checkBinary, type Platform } from '../system/platform.ts';
import { redactUrl } from '../text/redact-url.ts';
import type { Cache, Content, Entry } from './cache/cache.ts';
import type { Expected } from './cache/digest.ts';
import { contentsOf, ITSELF, identity, merged } from './cache-entry.ts';
import type { AcquirerWorld, Cached } from './downloader.ts';
import type { Pin } from './pins.ts';
import { publishedChecksum } from './published-checksum.ts';
import { type Fetched, fetchObject } from './transfer/fetch-object.ts';
import { openWholeSink } from './transfer/file-sink.ts';
import { openUnfinished } from './transfer/partial-file.ts';
import { megabytes } from './transfer/progress.ts';
import type { Sink } from './transfer/sink.ts';
import type { Source } from './transfer/source.ts';
import { openUnpacker } from './transfer/tar-sink.ts';

/** What somebody wants. */
export interface Need {
  readonly url: string;
  /** The members that are wanted out of a package; undefined for the file itself. */
  readonly members: readonly string[] | undefined;
  /** What its bytes must be, when the run has pins. */
  readonly pin: Pin | undefined;
  /** What they must come to, when the one who wants it knows. */
  readonly sha256: string | undefined;
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal;
}

/** What it takes. */
export interface Means {
  readonly settings: AcquireSettings;
  readonly world: AcquirerWorld;
  readonly pace: Pace;
  readonly source: Source;
  readonly cache: Cache;
  /** Reads a small text from an address. */
  readonly text: (url: string, signal: AbortSignal) => Promise<string>;
}

/** Files by their names in a package; the file itself goes by the empty name. */
export type Found = Readonly<Record<string, Cached>>;

/**
 * From the cache, else from the network into the cache: one process fetches, the others wait for it and say so.
 * Throws RunError when it cannot be had or is not what it must be.
 */
export async function acquire(need: Need, means: Means): Promise<Found> {
  const { cache, settings, world } = means;
  const id = await identity(need.url, settings);
  const before = await lookUp(id, need, means);
  if (before) return before;
  const shown = redactUrl(need.url);
  if (settings.offline) throw new RunError(`${shown}: not in the cache, and --offline is given`);
  await cache.prepare();
  await using _ = await acquireLock(cache.lockFile(id), {
    signal: need.signal,
    wait: true,
    onWait: (pid) => world.log.info(`waiting for process ${pid}, which is fetching ${shown}`),
  });
  // Awaited here: the lock is given back when this function is left.
  return (await lookUp(id, need, means)) ?? (await fetchInto(id, need, means));
}

/** All that is wanted, when all of it is in the cache and was checked as this run wants it. */
async function lookUp(id: string, need: Need, { cache, settings, world }: Means): Promise<Found | undefined> {
  const entry = await cache.read(id);
  if (entry === undefined || !trusted(entry, need, settings)) return undefined;
  const contents = contentsOf(entry);
  const found: Record<string, Cached> = {};
  for (const name of need.members ?? [ITSELF]) {
    const content = contents[name];
    const path = content && (await cache.find(content, need.signal));
    if (content === undefined || path === undefined) return undefined;
    found[name] = { ...content, path, ...originOf(need, entry), cacheHit: true };
  }
  await checkPlatforms(need, found);
  await cache.touch(id);
  world.log.detail(1, `${redactUrl(need.url)}: in the cache`);
  world.records.event('download', { ...recordOf(need, entry), cacheHit: true });
  return found;
}

function trusted(entry: Entry, { pin, sha256 }: Need, { allowUnverified }: AcquireSettings): boolean {
  if (pin) return entry.digests.sha512 === pin.sha512;
  if (sha256 !== undefined) return entry.digests.sha256 === sha256;
  return entry.verified !== 'nothing' || allowUnverified;
}

async function fetchInto(id: string, need: Need, means: Means): Promise<Found> {
  const { cache, settings, world, pace, source } = means;
  const { url, signal } = need;
  const expected = await expectation(need, means);
  const started = monotonic();
  try {
    const fetched = await fetchObject(url, {
      signal,
      source,
      pace,
      connections: settings.downloadConnections,
      log: world.log,
      expected,
      size: need.pin?.size,
      // Without a digest nobody would notice that the parts do not fit.
      unfinished: expected && !url.startsWith('file:') ? await openUnfinished(cache.unfinished(id)) : undefined,
      open: async () => openSink(need, await cache.scratch(id)),
    });
    await checkPlatforms(need, Object.fromEntries(fetched.files));
    const contents: Record<string, Content> = {};
    const paths: Record<string, string> = {};
    for (const [name, { path, sha256, size }] of fetched.files) {
      contents[name] = { sha256, size };
      paths[name] = await cache.keep(path, { sha256, size });
    }
    const verified = need.pin ? 'pin' : (expected?.algorithm ?? 'nothing');
    const entry = merged(await cache.read(id), { url: redactUrl(url), fetched, verified, contents });
    await cache.write(id, entry);
    const seconds = (monotonic() - started) / 1000;
    world.log.info(
      `fetched ${redactUrl(url)}: ${megabytes(fetched.size)} MB in ${seconds.toFixed(1)}s, ${told(fetched, expected)}`,
    );
    world.records.event('download', { ...recordOf(need, entry), cacheHit: false, seconds });
    const origin = originOf(need, entry);
    return Object.fromEntries(
      Object.entries(contents).map(([name, content]) => [
        name,
        { ...content, path: paths[name] ?? '', ...origin, cacheHit: false },
      ]),
    );
  } finally {
    await cache.clear(id);
  }
}

async function openSink({ url, members }: Need, folder: string): Promise<Sink> {
  return members ? openUnpacker(redactUrl(url), members, folder) : openWholeSink(join(folder, 'whole'), ITSELF);
}

/** What the bytes must come to. Undefined only where the run accepts anything. */
async function expectation(
  { url, pin, sha256, signal }: Need,
  { settings, world, text, source, pace }: Means,
): Promise<Expected | undefined> {
  if (pin) return { algorithm: 'sha512', hex: pin.sha512, from: settings.pins };
  if (sha256 !== undefined) return { algorithm: 'sha256', hex: sha256, from: 'this program' };
  const published = await publishedChecksum(url, (address) => text(address, signal));
  if (published) return published;
  const shown = redactUrl(url);
  // Where the file is missing too, that is what is wrong.
  const first = await retried(() => source.open(url, { from: 0, to: 1, signal }), pace, signal);
  first.discard();
  if (!settings.allowUnverified)
    throw new RunError(
      `${shown}: no checksum is published for it (.sha512, .sha256, .sha256sum, SHA512SUMS, SHA256SUMS)`,
    );
  world.log.warn(`${shown}: nobody says what its bytes must be; taken all the same, as --allow-unverified is given`);
  return undefined;
}

/** Throws unless everything found is a program for the platform that is asked for, if one is. */
async function checkPlatforms(
  { url, platform }: Need,
  found: Readonly<Record<string, { readonly path: string }>>,
): Promise<void> {
  if (platform === undefined) return;
  for (const [name, { path }] of Object.entries(found))
    await checkBinary(path, platform, name === ITSELF ? redactUrl(url) : `${name} in ${redactUrl(url)}`);
}

function originOf({ url, pin }: Need, entry: Entry): Pick<Cached, 'url' | 'verified'> {
  return { url: redactUrl(url), verified: pin ? 'pin' : entry.verified };
}

function recordOf(need: Need, entry: Entry): Readonly<Record<string, unknown>> {
  const { size, digests } = entry;
  return { ...originOf(need, entry), bytes: size, ...digests, ...(need.members ? { members: need.members } : {}) };
}

function told({ algorithm, hex }: Fetched, expected: Expected | undefined): string {
  const digest = `${algorithm} ${hex.slice(0, 16)}…`;
  return expected ? `${digest} as ${expected.from} says` : `${digest}, not verified`;
}
