import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { access, chmod, lstat, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RunError } from '../../api/errors.ts';
import { makeDirectory } from '../../system/directories.ts';
import { reasonOf } from '../../system/system-error.ts';
import type { Algorithm, Verified } from './digest.ts';

/** One file of the cache, by its content. */
export interface Content {
  /** Lower-case hex; the file's name in the cache. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** What the cache knows of one address. */
export interface Entry {
  readonly schema: 1;
  /** Without credentials. */
  readonly url: string;
  /** Bytes of the object at the address. */
  readonly size: number;
  /** The digests of the object at the address that were taken. */
  readonly digests: Readonly<Partial<Record<Algorithm, string>>>;
  readonly verified: Verified;
  /** The object itself, when it is kept. */
  readonly file?: Content;
  /** Files kept out of it, by their names in it. */
  readonly members: Readonly<Record<string, Content>>;
}

/**
 * A folder of files by their sha256, and an index from addresses to them. Many processes may use it at once: everything
 * appears by rename. A file of it is trusted as long as its size, times and inode are those it had when it was checked,
 * otherwise its digest is taken again, and it is removed when that is not its name.
 */
export interface Cache {
  readonly dir: string;
  /** Makes the folder. Throws RunError when nothing can be written there. */
  prepare(): Promise<void>;
  /** What stands for an address in names of files. */
  key(url: string): string;
  lockFile(url: string): string;
  read(url: string): Promise<Entry | undefined>;
  /** Writes what is known of an address. */
  write(url: string, entry: Entry): Promise<void>;
  /** Remembers that an address was asked for now. */
  touch(url: string): Promise<void>;
  /** The path of a file whose bytes are right; undefined when there is none, or none any more. */
  find(content: Content, signal: AbortSignal): Promise<string | undefined>;
  /** An empty folder that only the holder of the address's lock uses; what a dead process left in it is gone. */
  scratch(url: string): Promise<string>;
  /** Removes that folder. */
  clear(url: string): Promise<void>;
  /** The folder for what is unfinished of an address; it need not exist. */
  unfinished(url: string): string;
  /** Moves a checked file out of scratch to its place. */
  keep(scratch: string, content: Content): Promise<string>;
  /** What was noted of a file under a name; undefined when nothing was. It goes when the file goes. */
  noted(content: Content, name: string): Promise<string | undefined>;
  note(content: Content, name: string, text: string): Promise<void>;
}

/** The cache at a folder, which need not exist yet. */
export function openCache(dir: string): Cache {
  const root = join(dir, 'v1');
  const key = (url: string): string => createHash('sha256').update(url).digest('hex');
  const index = (url: string): string => join(root, 'index', `${key(url)}.json`);
  const place = ({ sha256 }: Content): string => join(root, 'content', sha256.slice(0, 2), sha256);
  return {
    dir: root,
    prepare: () => prepare(dir, root),
    key,
    lockFile: (url) => join(root, 'locks', key(url)),
    read: (url) => readEntry(index(url)),
    write: (url, entry) => writeWhole(index(url), JSON.stringify(entry)),
    touch: async (url) => {
      const now = new Date();
      // Only the age of an entry depends on it; a read-only cache is a cache too.
      await utimes(index(url), now, now).catch(() => undefined);
    },
    find: (content, signal) => find(place(content), content, signal),
    scratch: async (url) => {
      const path = join(root, 'scratch', key(url));
      await rm(path, { recursive: true, force: true });
      makeDirectory(path, 0o700);
      return path;
    },
    clear: (url) => rm(join(root, 'scratch', key(url)), { recursive: true, force: true }),
    unfinished: (url) => join(root, 'unfinished', key(url)),
    keep: (scratch, content) => keep(scratch, place(content)),
    noted: (content, name) => readFile(noteFile(place(content), name), 'utf8').catch(() => undefined),
    note: (content, name, text) => writeWhole(noteFile(place(content), name), text),
  };
}

async function prepare(dir: string, root: string): Promise<void> {
  try {
    makeDirectory(root, 0o700);
    await access(root, constants.W_OK);
  } catch (error) {
    throw new RunError(
      `the cache ${dir} cannot be written: ${reasonOf(error)}; choose another folder with --cache-dir`,
      {
        cause: error,
      },
    );
  }
}

/** The files of a cache that stand for addresses, whole paths. */
export async function indexFiles(cache: Cache): Promise<string[]> {
  const folder = join(cache.dir, 'index');
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
}

/** Undefined when there is none or it cannot be read as one: then it is fetched again. */
export async function readEntry(file: string): Promise<Entry | undefined> {
  try {
    const entry = JSON.parse(await readFile(file, 'utf8')) as Partial<Entry>;
    return entry.schema === 1 && entry.members && entry.digests ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}

/** The digest of a file's bytes. Throws the signal's reason when it aborts. */
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

/** Removes a file of the cache and what is known of it. */
export async function discard(path: string): Promise<void> {
  const names = await readdir(dirname(path)).catch(() => []);
  const known = names.filter((name) => name.startsWith(`${basename(path)}.`));
  for (const each of [path, ...known.map((name) => join(dirname(path), name))]) await rm(each, { force: true });
}

/** Removes the file when its bytes are not what its name says. False then, and when there is no file. */
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

/** What changes when anybody writes to a file, whatever he does to its times afterwards. */
async function statOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino } = await lstat(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch {
    return undefined;
  }
}

/** Writes a file so that a reader sees all of it or what was there before. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.new`;
  makeDirectory(join(path, '..'), 0o700);
  try {
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}
