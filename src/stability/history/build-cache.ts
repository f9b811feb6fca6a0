import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { writeAtomic } from '../../system/atomic-write.ts';
import { makeDirectory } from '../../system/directories.ts';
import type { Build } from './build.ts';
import type { NameTable } from './names.ts';

/** Another one for each change of what is kept. */
const SCHEMA = 1;
const LARGEST_LIST = 64 << 20;

/** A build as it is kept: tests by their place in a list of names, which builds of the same version share. */
interface Kept extends Omit<Build, 'started' | 'finished' | 'tests'> {
  readonly schema: number;
  readonly started: number | null;
  readonly finished: number | null;
  /** The digest of the list. */
  readonly names: string;
  /** A digit for each name of the list. */
  readonly outcomes: string;
  readonly reasons: readonly (readonly [place: number, reason: string])[];
}

/**
 * Finished builds, condensed, so that a second look at a job only lists. Many processes may use it at once: everything
 * appears by rename. What cannot be read counts as absent, and what cannot be written is not kept.
 */
export class BuildCache {
  readonly #root: string;
  readonly #names: NameTable;
  readonly #lists = new Map<string, Promise<Int32Array>>();

  /** @param directory of the cache of downloads */
  constructor(directory: string, names: NameTable) {
    this.#root = rootOf(directory);
    this.#names = names;
  }

  /** @param key of the store, and the build in it */
  async find(key: string): Promise<Build | undefined> {
    const file = this.#file(key);
    try {
      const kept = JSON.parse(await readFile(file, 'utf8')) as Kept;
      const names = await this.#list(kept.names);
      if (kept.schema !== SCHEMA || kept.outcomes.length !== names.length) return undefined;
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined);
      const outcomes = Uint8Array.from(kept.outcomes, Number);
      const reasons = new Map(kept.reasons.map(([place, reason]) => [names[place] ?? -1, reason]));
      const { started, finished } = kept;
      return {
        ...kept,
        started: started ?? Number.NaN,
        finished: finished ?? Number.NaN,
        tests: { names, outcomes, reasons },
      };
    } catch {
      return undefined;
    }
  }

  keep(key: string, build: Build): void {
    try {
      makeDirectory(join(this.#root, 'builds'), 0o700);
      makeDirectory(join(this.#root, 'names'), 0o700);
      writeAtomic(this.#file(key), JSON.stringify(this.#condensed(build)), { mode: 0o600 });
    } catch {
      // The next call reads the build again.
    }
  }

  #condensed(build: Build): Kept {
    const { names, outcomes, reasons } = build.tests;
    const rows = Array.from(names, (id, at) => ({ id, name: this.#names.nameOf(id), outcome: outcomes[at] ?? 0 }));
    rows.sort((a, b) => (a.name < b.name ? -1 : 1));
    const places = new Map(rows.map(({ id }, place) => [id, place]));
    return {
      ...build,
      schema: SCHEMA,
      started: Number.isFinite(build.started) ? build.started : null,
      finished: build.finished !== undefined && Number.isFinite(build.finished) ? build.finished : null,
      names: this.#keepList(rows.map(({ name }) => name)),
      outcomes: rows.map(({ outcome }) => outcome).join(''),
      reasons: Array.from(reasons, ([id, reason]) => [places.get(id) ?? 0, reason] as const),
      ...{ tests: undefined },
    };
  }

  #keepList(names: readonly string[]): string {
    const text = JSON.stringify(names);
    const digest = createHash('sha256').update(text).digest('hex');
    if (this.#lists.has(digest)) return digest;
    writeAtomic(this.#listFile(digest), gzipSync(text), { mode: 0o600 });
    this.#lists.set(digest, Promise.resolve(Int32Array.from(names, (name) => this.#names.idOf(name))));
    return digest;
  }

  #list(digest: string): Promise<Int32Array> {
    const known = this.#lists.get(digest);
    if (known !== undefined) return known;
    const reading = readList(this.#listFile(digest), digest).then((names) =>
      Int32Array.from(names, (name) => this.#names.idOf(name)),
    );
    this.#lists.set(digest, reading);
    reading.catch(() => this.#lists.delete(digest));
    return reading;
  }

  #file(key: string): string {
    return join(this.#root, 'builds', `${createHash('sha256').update(key).digest('hex')}.json`);
  }

  #listFile(digest: string): string {
    return join(this.#root, 'names', `${digest}.gz`);
  }
}

async function readList(file: string, digest: string): Promise<string[]> {
  const text = gunzipSync(await readFile(file), { maxOutputLength: LARGEST_LIST });
  if (createHash('sha256').update(text).digest('hex') !== digest) throw new Error(`${file} changed`);
  return JSON.parse(text.toString()) as string[];
}

const rootOf = (directory: string): string => join(directory, 'stability', `v${SCHEMA}`);

/** One file of the condensed builds. */
export interface KeptFile {
  readonly path: string;
  readonly size: number;
  /** When it was last used, in milliseconds since 1970. */
  readonly used: number;
  readonly isBuild: boolean;
}

/** What is kept of builds, the least recently used first. @param directory of the cache of downloads */
export async function surveyBuilds(directory: string): Promise<KeptFile[]> {
  const found: KeptFile[] = [];
  for (const kind of ['builds', 'names']) {
    const parent = join(rootOf(directory), kind);
    for (const name of await readdir(parent).catch(() => [])) {
      const path = join(parent, name);
      const now = await stat(path).catch(() => undefined);
      if (now?.isFile()) found.push({ path, size: now.size, used: now.mtimeMs, isBuild: kind === 'builds' });
    }
  }
  return found.sort((a, b) => a.used - b.used);
}

/** Removes what cannot be used any more. Returns the paths. */
export async function verifyBuilds(directory: string): Promise<string[]> {
  const removed: string[] = [];
  for (const { path, isBuild } of await surveyBuilds(directory)) {
    if (await (isBuild ? isUsableBuild(path) : isUsableList(path))) continue;
    await rm(path, { force: true });
    removed.push(path);
  }
  return removed;
}

/** Removes builds that were not used for `olderThan` milliseconds, then the least recently used until `maxSize` bytes are left. */
export async function pruneBuilds(
  directory: string,
  { olderThan, maxSize, now }: { olderThan: number | undefined; maxSize: number | undefined; now: number },
): Promise<{ builds: number; bytes: number; left: number }> {
  const files = await surveyBuilds(directory);
  let left = files.reduce((sum, { size }) => sum + size, 0);
  let builds = 0;
  let bytes = 0;
  for (const { path, size, used, isBuild } of files) {
    const isOld = olderThan !== undefined && used < now - olderThan;
    if (!isOld && (maxSize === undefined || left <= maxSize)) continue;
    await rm(path, { force: true });
    left -= size;
    bytes += size;
    if (isBuild) builds += 1;
  }
  return { builds, bytes, left };
}

async function isUsableBuild(path: string): Promise<boolean> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as Partial<Kept>).schema === SCHEMA;
  } catch {
    return false;
  }
}

async function isUsableList(path: string): Promise<boolean> {
  const digest = path.slice(path.lastIndexOf('/') + 1).replace(/\.gz$/, '');
  return await readList(path, digest).then(
    () => true,
    () => false,
  );
}
