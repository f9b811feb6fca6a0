import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monotonic } from '../../system/clock.ts';

/** One version of an object, of which parts fit together. */
export interface Version {
  /** As in `Body`. */
  readonly validator: string;
  /** In bytes. */
  readonly total: number;
}

/** The beginning of an object that an earlier process fetched. */
export interface Beginning extends Version {
  /** Bytes that are there. */
  readonly size: number;
}

/**
 * What is there of an object while it is fetched, so that another process can go on when this one is killed. Nobody
 * trusts it: the digest of the whole object decides. It never keeps a download from succeeding.
 */
export interface Unfinished {
  /** Undefined when there is none. */
  readonly found: Beginning | undefined;
  /** Whether it has taken up room since this was last asked. */
  tookRoom(): boolean;
  /** The bytes that were found. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Says which version is fetched. What was found is kept when it is of this one. */
  begin(version: Version): Promise<void>;
  /** Takes the next bytes after those that were found. */
  append(bytes: Uint8Array): Promise<void>;
  /** Removes everything; nothing is kept from then on. */
  remove(): Promise<void>;
  close(): Promise<void>;
}

/** Smaller objects are fetched again sooner than it is worth. */
const LEAST = 8 << 20;
/** So are those that come at more bytes a millisecond, which is known after so many bytes. */
const FAST = 25_000;
const JUDGED = 4 << 20;

/** Looks at a folder for what is unfinished in it. Only the holder of the object's lock may. `now` is a clock in milliseconds. */
export async function openUnfinished(folder: string, now: () => number = monotonic): Promise<Unfinished> {
  return new UnfinishedFile(folder, await beginningIn(folder), now);
}

class UnfinishedFile implements Unfinished {
  readonly #folder: string;
  readonly #now: () => number;
  #found: Beginning | undefined;
  #file: FileHandle | undefined;
  #began = 0;
  #appended = 0;
  #tookRoom: boolean;
  #over = false;

  constructor(folder: string, found: Beginning | undefined, now: () => number) {
    this.#folder = folder;
    this.#found = found;
    this.#tookRoom = found !== undefined;
    this.#now = now;
  }

  get found(): Beginning | undefined {
    return this.#found;
  }

  tookRoom(): boolean {
    const took = this.#tookRoom;
    this.#tookRoom = false;
    return took;
  }

  bytes(): AsyncIterable<Uint8Array> {
    const { size = 0 } = this.#found ?? {};
    return size === 0 ? nothing() : createReadStream(bytesIn(this.#folder), { end: size - 1, highWaterMark: 1 << 18 });
  }

  async begin(version: Version): Promise<void> {
    if (this.#over || version.total < LEAST) return;
    try {
      if (this.#found === undefined) {
        await mkdir(this.#folder, { recursive: true, mode: 0o700 });
        await rm(bytesIn(this.#folder), { force: true });
        await writeFile(versionIn(this.#folder), JSON.stringify(version), { mode: 0o600 });
      }
      this.#file = await open(bytesIn(this.#folder), 'a', 0o600);
      this.#began = this.#now();
    } catch {
      await this.remove();
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (this.#file === undefined) return;
    this.#tookRoom = true;
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
      this.#appended += bytes.length;
      const fast = this.#appended > FAST * (this.#now() - this.#began);
      if (this.#appended >= JUDGED && fast) await this.remove();
    } catch {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    this.#over = true;
    this.#found = undefined;
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

const bytesIn = (folder: string): string => join(folder, 'bytes');
const versionIn = (folder: string): string => join(folder, 'version.json');

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function beginningIn(folder: string): Promise<Beginning | undefined> {
  try {
    const { validator, total } = JSON.parse(await readFile(versionIn(folder), 'utf8')) as Partial<Version>;
    const { size } = await stat(bytesIn(folder));
    if (typeof validator !== 'string' || typeof total !== 'number' || size === 0 || size > total) return undefined;
    return { validator, total, size };
  } catch {
    return undefined;
  }
}
