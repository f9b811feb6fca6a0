import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { monotonic } from '../../system/clock.ts';

/** One version of an object, whose parts can be joined. */
export interface Version {
  /** As in `Body`. */
  readonly validator: string;
  /** In bytes. */
  readonly total: number;
}

/** The beginning of an object that an earlier process received. */
export interface Beginning extends Version {
  /** Received bytes. */
  readonly size: number;
}

/**
 * The received part of an object on disk, so that another process can resume the download when this one is killed. It is
 * not trusted: the digest of the whole object is verified. Its own failures never fail a download.
 */
export interface PartialFile {
  /** Undefined when there is none. */
  readonly found: Beginning | undefined;
  /** Whether it used disk space since the last call. */
  tookRoom(): boolean;
  /** The bytes of `found`. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Starts writing. `version` is that of `found`, if there is one. */
  begin(version: Version): Promise<void>;
  /** Appends the next bytes. */
  append(bytes: Uint8Array): Promise<void>;
  /** Removes the file; nothing is written from then on. */
  remove(): Promise<void>;
  close(): Promise<void>;
}

/** Smaller objects are not worth resuming. Bytes. */
const MIN_SIZE = 8 << 20;
/** Faster downloads are not worth resuming either: the rate in bytes per millisecond, and the bytes it is measured over. */
const FAST = 25_000;
const MEASURED = 4 << 20;

/** Opens the partial file in a directory. For the holder of the object's lock only. `now` is a clock in milliseconds. */
export async function openPartialFile(directory: string, now: () => number = monotonic): Promise<PartialFile> {
  return new PartialFileOnDisk(directory, await beginningIn(directory), now);
}

class PartialFileOnDisk implements PartialFile {
  readonly #directory: string;
  readonly #now: () => number;
  #found: Beginning | undefined;
  #file: FileHandle | undefined;
  #began = 0;
  #appended = 0;
  #tookRoom: boolean;
  #over = false;

  constructor(directory: string, found: Beginning | undefined, now: () => number) {
    this.#directory = directory;
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
    return size === 0
      ? nothing()
      : createReadStream(bytesFile(this.#directory), { end: size - 1, highWaterMark: 1 << 18 });
  }

  async begin(version: Version): Promise<void> {
    if (this.#over || version.total < MIN_SIZE) return;
    try {
      if (this.#found === undefined) {
        await mkdir(this.#directory, { recursive: true, mode: 0o700 });
        await rm(bytesFile(this.#directory), { force: true });
        await writeFile(versionFile(this.#directory), JSON.stringify(version), { mode: 0o600 });
      }
      this.#file = await open(bytesFile(this.#directory), 'a', 0o600);
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
      if (this.#appended >= MEASURED && fast) await this.remove();
    } catch {
      await this.remove();
    }
  }

  async remove(): Promise<void> {
    this.#over = true;
    this.#found = undefined;
    await this.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

const bytesFile = (directory: string): string => join(directory, 'bytes');
const versionFile = (directory: string): string => join(directory, 'version.json');

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function beginningIn(directory: string): Promise<Beginning | undefined> {
  try {
    const { validator, total } = JSON.parse(await readFile(versionFile(directory), 'utf8')) as Partial<Version>;
    const { size } = await stat(bytesFile(directory));
    if (typeof validator !== 'string' || typeof total !== 'number' || size === 0 || size > total) return undefined;
    return { validator, total, size };
  } catch {
    return undefined;
  }
}
