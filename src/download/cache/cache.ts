import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, chmod, lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RunError } from '../../api/errors.ts';
import { makeDirectory } from '../../system/directories.ts';
import { isCode, reasonOf } from '../../system/system-error.ts';
import type { Algorithm, Verified } from './digest.ts';

/** The content of one cached file. */
export interface Content {
  /** Lower-case hex; the file's name in the cache. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** The index entry of one object. */
export interface Entry {
  readonly schema: 1;
  /** Without credentials. */
  readonly url: string;
  /** Size of the object, in bytes. */
  readonly size: number;
  /** The digests of the object that were computed. */
  readonly digests: Readonly<Partial<Record<Algorithm, string>>>;
  readonly verified: Verified;
  /** The object itself, when it is cached. */
  readonly file?: Content;
  /** Files extracted from it, by their names in it. */
  readonly members: Readonly<Record<string, Content>>;
}

/**
 * A directory of files by their sha256, and an index of objects. Many processes can use it at once: all files appear by
 * rename. A cached file is trusted while its size, times and inode are those it had when it was verified; otherwise it is
 * verified again, and removed when its digest does not match its name. Objects have the keys of `cacheKey`.
 */
export interface Cache {
  readonly dir: string;
  /** Creates the directory. Throws RunError when it is not writable. */
  prepare(): Promise<void>;
  lockFile(key: string): string;
  read(key: string): Promise<Entry | undefined>;
  /** Writes the entry of an object. */
  write(key: string, entry: Entry): Promise<void>;
  /** Records that an object is used now, so that it is not pruned. False when its entry was removed meanwhile. */
  touch(key: string): Promise<boolean>;
  /** The path of a file with verified content; undefined when there is none. */
  find(content: Content, signal: AbortSignal): Promise<string | undefined>;
  /** An empty directory for the holder of the object's lock. Files of an earlier process are removed. */
  scratch(key: string): Promise<string>;
  /** Removes that directory. */
  clear(key: string): Promise<void>;
  /** The directory for a partial download of an object; it may not exist. */
  unfinished(key: string): string;
  /** Moves a verified file from scratch into the cache. */
  keep(scratch: string, content: Content): Promise<string>;
  /** A note of a file; undefined when it does not exist. It is removed with the file. */
  readNote(content: Content, name: string): Promise<string | undefined>;
  writeNote(content: Content, name: string, text: string): Promise<void>;
}

/** The key of an object, usable as a file name. */
export function cacheKey(identity: string): string {
  return createHash('sha256').update(identity).digest('hex');
}

/** The cache in a directory, which may not exist yet. */
export function openCache(dir: string): Cache {
  const root = join(dir, 'v1');
  const index = (key: string): string => join(root, 'index', `${key}.json`);
  const place = ({ sha256 }: Content): string => join(root, 'content', sha256.slice(0, 2), sha256);
  return {
    dir: root,
    prepare: () => prepare(dir, root),
    lockFile: (key) => join(root, 'locks', key),
    read: (key) => readEntry(index(key)),
    write: (key, entry) => writeWhole(index(key), JSON.stringify(entry)),
    touch: async (key) => {
      const now = new Date();
      try {
        await utimes(index(key), now, now);
      } catch (error) {
        // Only the age of an entry depends on it, and the cache may be read-only.
        return !isCode(error, 'ENOENT');
      }
      return true;
    },
    find: (content, signal) => find(place(content), content, signal),
    scratch: async (key) => {
      const path = join(root, 'scratch', key);
      await rm(path, { recursive: true, force: true });
      makeDirectory(path, 0o700);
      return path;
    },
    clear: (key) => rm(join(root, 'scratch', key), { recursive: true, force: true }),
    unfinished: (key) => join(root, 'unfinished', key),
    keep: (scratch, content) => keep(scratch, place(content)),
    readNote: (content, name) => readFile(noteFile(place(content), name), 'utf8').catch(() => undefined),
    writeNote: (content, name, text) => writeWhole(noteFile(place(content), name), text),
  };
}

async function prepare(dir: string, root: string): Promise<void> {
  try {
    makeDirectory(root, 0o700);
    await access(root, constants.W_OK);
  } catch (error) {
    throw new RunError(
      `cannot write to the cache ${dir}: ${reasonOf(error)}; choose another directory with --cache-dir`,
      {
        cause: error,
      },
    );
  }
}

/** The absolute paths of the index files of a cache. */
export async function indexFiles(cache: Cache): Promise<string[]> {
  const directory = join(cache.dir, 'index');
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(directory, name));
}

/** Reads an index file. Undefined when it is missing or invalid: then the object is fetched again. */
export async function readEntry(file: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse(await readFile(file, 'utf8')) as Partial<Entry>;
    return entry.schema === 1 && entry.members && entry.digests ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

/** The digest of a file. Throws the signal's reason when it aborts. */
export async function digestOf(path: string, algorithm: Algorithm, signal: AbortSignal): Promise<string> {
  const hash = createHash(algorithm);
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  return hash.digest('hex');
}

/** Removes a cached file and its notes. */
export async function discard(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  const known = names.filter((name) => name.startsWith(`${basename(path)}.`));
  for (const each of [path, ...known.map((name) => join(dirname(path), name))]) await rm(each, { force: true });
}

/** Verifies a cached file, and removes it when its digest does not match its name. False then, and when it is missing. */
export async function verifyContent(path: string, sha256: string, signal: AbortSignal): Promise<boolean> {
  const before = await statOf(path);
  if (before === undefined) return false;
  if ((await digestOf(path, 'sha256', signal)) !== sha256) {
    await discard(path);
    return false;
  }
  await writeWhole(seenFile(path), before);
  return true;
}

async function find(path: string, content: Content, signal: AbortSignal): Promise<string | undefined> {
  const now = await statOf(path);
  if (now === undefined) return undefined;
  const seen = await readFile(seenFile(path), 'utf8').catch(() => '');
  if (seen === now) return path;
  return (await verifyContent(path, content.sha256, signal)) ? path : undefined;
}

async function keep(scratch: string, path: string): Promise<string> {
  await chmod(scratch, 0o555);
  makeDirectory(join(path, '..'), 0o700);
  await rename(scratch, path);
  const stat = await statOf(path);
  if (stat !== undefined) await writeWhole(seenFile(path), stat);
  return path;
}

function seenFile(path: string): string {
  return `${path}.seen`;
}

function noteFile(path: string, name: string): string {
  return `${path}.${name}.note`;
}

/** Changes with every write to a file, even if its modification time is reset afterwards. */
async function statOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await lstat(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch {
    return undefined;
  }
}

/** Replaces a file atomically. Unlike `writeAtomic` it creates the directory, and does not block the event loop. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  makeDirectory(join(path, '..'), 0o700);
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  } catch (cause) {
    throw new RunError(`cannot write ${path}: ${reasonOf(cause)}`, { cause });
  } finally {
    await rm(draft, { force: true });
  }
}
