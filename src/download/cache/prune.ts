import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { acquireLock, LockedError, lockHolder } from '../../system/lock.ts';
import { isCode } from '../../system/system-error.ts';
import { type Cache, discard } from './cache.ts';
import { type IndexedEntry, surveyContent, surveyIndex, surveyUnfinished } from './usage.ts';

export interface PruneOptions {
  /** Removes entries that were not used for this long. Milliseconds. */
  readonly olderThan: number | undefined;
  /** Removes the least recently used entries until the content is at most this size. Bytes. */
  readonly maxSize: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface Pruned {
  readonly entries: number;
  /** Removed bytes of content and of unfinished downloads. */
  readonly bytes: number;
  /** Remaining bytes of both. */
  readonly left: number;
}

/** Runs use cached files by links; the longest runs take a day. Milliseconds. */
const IN_USE = 24 * 3600e3;
/** Newer content without an entry may be about to get one. Milliseconds. */
const FRESH = 3600e3;

/**
 * Prunes the cache. Temporary files of dead processes and unfinished downloads older than a day are always removed. The
 * limit on size does not remove entries used in the last 24 hours: a run may still need them. Objects that are being
 * fetched stay.
 */
export async function prune(cache: Cache, options: PruneOptions): Promise<Pruned> {
  const { olderThan, maxSize, now, signal } = options;
  const all = await surveyIndex(cache);
  const kept: IndexedEntry[] = [];
  const freed = new Set<string>();
  let size = total(all);
  for (const each of all) {
    const tooLarge = maxSize !== undefined && size > maxSize;
    const isDue = (used: number): boolean =>
      (olderThan !== undefined && now - used > olderThan) || (tooLarge && now - used > IN_USE);
    if (isDue(each.used) && (await removeEntry(cache, each, isDue, signal))) {
      for (const { sha256 } of each.contents) freed.add(sha256);
      size -= total([each]);
    } else kept.push(each);
  }
  // Runs have added entries meanwhile.
  const current = [...kept, ...(await surveyIndex(cache))];
  const wanted = new Set(current.flatMap(({ contents }) => contents.map(({ sha256 }) => sha256)));
  const { bytes, left } = await removeContent(cache, wanted, freed, now);
  await removeLeftovers(cache, now);
  const unfinished = await removeUnfinished(cache, now - Math.min(olderThan ?? IN_USE, IN_USE));
  return { entries: all.length - kept.length, bytes: bytes + unfinished.bytes, left: left + unfinished.left };
}

/** Removes the content of no entry, unless it is so new that it may be about to get one. */
async function removeContent(
  cache: Cache,
  wanted: ReadonlySet<string>,
  freed: ReadonlySet<string>,
  now: number,
): Promise<Pick<Pruned, 'bytes' | 'left'>> {
  let bytes = 0;
  let left = 0;
  for (const { path, sha256, size: each, since } of await surveyContent(cache)) {
    if (wanted.has(sha256) || (now - since < FRESH && (since > now || !freed.has(sha256)))) left += each;
    else if (await isReplaced(path, since)) left += each;
    else {
      await discard(path);
      bytes += each;
    }
  }
  return { bytes, left };
}

/** Whether a file was fetched again since the survey. */
async function isReplaced(path: string, since: number): Promise<boolean> {
  return ((await stat(path).catch(() => undefined))?.ctimeMs ?? since) > since;
}

function total(entries: readonly IndexedEntry[]): number {
  const sizes = new Map(entries.flatMap(({ contents }) => contents.map(({ sha256, size }) => [sha256, size])));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/**
 * Removes an entry. False when its object is being fetched, or was used since the survey: a run that uses an entry sets
 * its time, so the entry is renamed, its time read again, and put back if it is in use. A run that comes later finds none.
 */
async function removeEntry(
  cache: Cache,
  { file }: IndexedEntry,
  isDue: (used: number) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await using _ = await acquireLock(join(cache.dir, 'locks', basename(file, '.json')), { signal, wait: false });
    const aside = `${file}.pruned.new`;
    await rename(file, aside);
    const { mtimeMs } = await stat(aside);
    if (isDue(mtimeMs)) await rm(aside, { force: true });
    else await rename(aside, file);
    return isDue(mtimeMs);
  } catch (error) {
    if (error instanceof LockedError) return false;
    // Another call has pruned it.
    if (isCode(error, 'ENOENT')) return true;
    throw error;
  }
}

/** Removes downloads that made no progress since then. */
async function removeUnfinished(cache: Cache, since: number): Promise<Pick<Pruned, 'bytes' | 'left'>> {
  const sum = { bytes: 0, left: 0 };
  for (const each of await surveyUnfinished(cache)) {
    if (each.since > since || (await lockHolder(each.lock)) !== undefined) sum.left += each.size;
    else {
      await rm(each.directory, { recursive: true, force: true });
      sum.bytes += each.size;
    }
  }
  return sum;
}

/** Removes scratch directories and temporary files of dead processes. */
async function removeLeftovers(cache: Cache, now: number): Promise<void> {
  for (const name of await readdir(join(cache.dir, 'scratch')).catch(() => [])) {
    if (lockHolder(join(cache.dir, 'locks', name)) !== undefined) continue;
    await rm(join(cache.dir, 'scratch', name), { recursive: true, force: true });
  }
  for (const name of await readdir(cache.dir, { recursive: true }).catch(() => [])) {
    if (!name.endsWith('.new')) continue;
    const path = join(cache.dir, name);
    const since = await stat(path).catch(() => undefined);
    if (since && now - since.mtimeMs > FRESH) await rm(path, { force: true });
  }
}
