import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { acquireLock, LockedError, lockHolder } from '../../system/lock.ts';
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
    const age = now - each.used;
    const old = olderThan !== undefined && age > olderThan;
    const tooMuch = maxSize !== undefined && size > maxSize && age > IN_USE;
    if ((old || tooMuch) && (await removeEntry(cache, each, signal))) {
      for (const { sha256 } of each.contents) freed.add(sha256);
      size -= total([each]);
    } else kept.push(each);
  }
  const wanted = new Set(kept.flatMap(({ contents }) => contents.map(({ sha256 }) => sha256)));
  let bytes = 0;
  let left = 0;
  for (const { path, sha256, size: each, since } of await surveyContent(cache)) {
    if (wanted.has(sha256) || (!freed.has(sha256) && now - since < FRESH)) left += each;
    else {
      await discard(path);
      bytes += each;
    }
  }
  await removeLeftovers(cache, now);
  const unfinished = await removeUnfinished(cache, now - Math.min(olderThan ?? IN_USE, IN_USE));
  return { entries: all.length - kept.length, bytes: bytes + unfinished.bytes, left: left + unfinished.left };
}

function total(entries: readonly IndexedEntry[]): number {
  const sizes = new Map(entries.flatMap(({ contents }) => contents.map(({ sha256, size }) => [sha256, size])));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Removes an entry. False when its object is being fetched. */
async function removeEntry(cache: Cache, { file }: IndexedEntry, signal: AbortSignal): Promise<boolean> {
  try {
    await using _ = await acquireLock(join(cache.dir, 'locks', basename(file, '.json')), { signal, wait: false });
    await rm(file, { force: true });
    return true;
  } catch (error) {
    if (error instanceof LockedError) return false;
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
