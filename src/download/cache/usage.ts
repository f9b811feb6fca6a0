import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cache, type Content, type Entry, indexFiles, readEntry } from './cache.ts';

/** An entry of the index, and when it was last used. */
export interface IndexedEntry {
  /** The index file. */
  readonly file: string;
  readonly entry: Entry;
  /** Milliseconds since 1970. */
  readonly used: number;
  readonly contents: readonly Content[];
}

/** One file of content. */
export interface ContentFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** When it was added, in milliseconds since 1970. */
  readonly since: number;
}

/** The received part of an object that was not fetched completely. */
export interface PartialDownload {
  readonly directory: string;
  /** The lock file that a process holds while it fetches the object. */
  readonly lock: string;
  readonly size: number;
  /** When the last byte was received, in milliseconds since 1970. */
  readonly since: number;
}

/** All unfinished downloads, including running ones. */
export async function surveyUnfinished(cache: Cache): Promise<PartialDownload[]> {
  const found: PartialDownload[] = [];
  for (const name of await readdir(join(cache.dir, 'unfinished')).catch(() => [])) {
    const directory = join(cache.dir, 'unfinished', name);
    const now = await stat(join(directory, 'bytes')).catch(() => stat(directory).catch(() => undefined));
    if (now === undefined) continue;
    const size = now.isFile() ? now.size : 0;
    found.push({ directory, lock: join(cache.dir, 'locks', name), size, since: now.mtimeMs });
  }
  return found;
}

/** All entries of the index, the least recently used first. */
export async function surveyIndex(cache: Cache): Promise<IndexedEntry[]> {
  const found: IndexedEntry[] = [];
  for (const file of await indexFiles(cache)) {
    const entry = await readEntry(file);
    const used = await stat(file).catch(() => undefined);
    if (entry === undefined || used === undefined) continue;
    const contents = [...Object.values(entry.members), ...(entry.file ? [entry.file] : [])];
    found.push({ file, entry, used: used.mtimeMs, contents });
  }
  return found.sort((a, b) => a.used - b.used);
}

/** All files of content, whether in the index or not. */
export async function surveyContent(cache: Cache): Promise<ContentFile[]> {
  const directory = join(cache.dir, 'content');
  const found: ContentFile[] = [];
  for (const prefix of await readdir(directory).catch(() => [])) {
    for (const name of await readdir(join(directory, prefix)).catch(() => [])) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const path = join(directory, prefix, name);
      const now = await stat(path).catch(() => undefined);
      if (now) found.push({ path, sha256: name, size: now.size, since: now.ctimeMs });
    }
  }
  return found;
}
