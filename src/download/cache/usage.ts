import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cache, type Content, type Entry, indexFiles, readEntry } from './cache.ts';

/** What the cache knows of one address, and when it was last asked for. */
export interface Indexed {
  /** The file of the index that says so. */
  readonly file: string;
  readonly entry: Entry;
  /** Milliseconds since 1970. */
  readonly used: number;
  readonly contents: readonly Content[];
}

/** One file of content as it is on the disk. */
export interface Stored {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** When it came there, in milliseconds since 1970. */
  readonly since: number;
}

/** What is there of an object that was not fetched to its end. */
export interface Begun {
  readonly folder: string;
  /** The file whose holder fetches it. */
  readonly lock: string;
  readonly size: number;
  /** When the last byte came, in milliseconds since 1970. */
  readonly since: number;
}

/** Every download that was begun and not finished, those that are going on included. */
export async function surveyUnfinished(cache: Cache): Promise<Begun[]> {
  const found: Begun[] = [];
  for (const name of await readdir(join(cache.dir, 'unfinished')).catch(() => [])) {
    const folder = join(cache.dir, 'unfinished', name);
    const now = await stat(join(folder, 'bytes')).catch(() => stat(folder).catch(() => undefined));
    if (now === undefined) continue;
    const size = now.isFile() ? now.size : 0;
    found.push({ folder, lock: join(cache.dir, 'locks', name), size, since: now.mtimeMs });
  }
  return found;
}

/** Everything in the index, the least recently used first. */
export async function surveyIndex(cache: Cache): Promise<Indexed[]> {
  const found: Indexed[] = [];
  for (const file of await indexFiles(cache)) {
    const entry = await readEntry(file);
    const used = await stat(file).catch(() => undefined);
    if (entry === undefined || used === undefined) continue;
    const contents = [...Object.values(entry.members), ...(entry.file ? [entry.file] : [])];
    found.push({ file, entry, used: used.mtimeMs, contents });
  }
  return found.sort((a, b) => a.used - b.used);
}

/** Every file of content, whether the index knows it or not. */
export async function surveyContent(cache: Cache): Promise<Stored[]> {
  const folder = join(cache.dir, 'content');
  const found: Stored[] = [];
  for (const prefix of await readdir(folder).catch(() => [])) {
    for (const name of await readdir(join(folder, prefix)).catch(() => [])) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const path = join(folder, prefix, name);
      const now = await stat(path).catch(() => undefined);
      if (now) found.push({ path, sha256: name, size: now.size, since: now.ctimeMs });
    }
  }
  return found;
}
