import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { acquireLock, LockedError, lockHolder } from '../../system/lock.ts';
import { type Cache, discard } from './cache.ts';
import { type Indexed, surveyContent, surveyIndex, surveyUnfinished } from './usage.ts';

export interface PruneOptions {
  /** Removes what was not asked for in so many milliseconds. */
  readonly olderThan: number | undefined;
  /** Removes the least recently used until the content is at most so many bytes. */
  readonly maxSize: number | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly signal: AbortSignal;
}

export interface Pruned {
  readonly entries: number;
  /** Bytes of content and of unfinished downloads. */
  readonly bytes: number;
  /** Such bytes that stay. */
  readonly left: number;
}

/** Runs use what they were given by links; the longest of them take a day. */
const IN_USE = 24 * 3600e3;
/** Content without an entry is perhaps about to get one. */
const FRESH = 3600e3;

/**
 * Makes the cache smaller. Removes what dead processes left behind in any case, and unfinished downloads of a day ago. By size, nothing goes that was asked
 * for in the last 24 hours: a run may still be using it. What is being fetched at the moment stays.
 */
export async function prune(cache: Cache, options: PruneOptions): Promise<Pruned> {
  const { olderThan, maxSize, now, signal } = options;
  const all = await surveyIndex(cache);
  const kept: Indexed[] = [];
  const freed = new Set<string>();
  let size = total(all);
  for (const each of all) {
    const age = now - each.used;
    const old = olderThan !== undefined && age > olderThan;
    const tooMuch = maxSize !== undefined && size > maxSize && age > IN_USE;
    if ((old || tooMuch) && (await forgotten(cache, each, signal))) {
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

function total(entries: readonly Indexed[]): number {
  const sizes = new Map(entries.flatMap(({ contents }) => contents.map(({ sha256, size }) => [sha256, size])));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** False when somebody is fetching it right now. */
async function forgotten(cache: Cache, { file }: Indexed, signal: AbortSignal): Promise<boolean> {
  try {
    await using _ = await acquireLock(join(cache.dir, 'locks', basename(file, '.json')), { signal, wait: false });
    await rm(file, { force: true });
    return true;
  } catch (error) {
    if (error instanceof LockedError) return false;
    throw error;
  }
}

/** Downloads that nobody went on with since then. */
async function removeUnfinished(cache: Cache, since: number): Promise<Pick<Pruned, 'bytes' | 'left'>> {
  const sum = { bytes: 0, left: 0 };
  for (const each of await surveyUnfinished(cache)) {
    if (each.since > since || (await lockHolder(each.lock)) !== undefined) sum.left += each.size;
    else {
      await rm(each.folder, { recursive: true, force: true });
      sum.bytes += each.size;
    }
  }
  return sum;
}

/** Scratch and drafts of processes that are gone. */
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
