import { createHash, type Hash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BytesFrom } from '../gcs/resumable-upload.ts';
import { writeAtomic } from '../system/atomic-write.ts';
import type { BuiltFile } from './files.ts';

/** The digests of a file. */
export interface Digests {
  /** Base64, as in Cloud Storage. */
  readonly md5: string;
  /** Hexadecimal, as in the checksum files. */
  readonly sha256: string;
  readonly sha512: string;
}

/** The bytes of a file as they are read, and then their digests. */
export interface HashingReader {
  /** From a position that was reached before, or the start. Bytes that are read twice are hashed once. */
  readonly bytes: BytesFrom;
  /** Of all bytes read; called once, at the end. */
  readonly digests: () => Digests;
}

/** Bytes. Large enough that the overhead of a read is small. */
const CHUNK = 256 * 1024;

/** Reads a file and hashes it on the way. */
export function readHashing(file: string): HashingReader {
  const hashes = { md5: createHash('md5'), sha256: createHash('sha256'), sha512: createHash('sha512') };
  let hashed = 0;
  return {
    bytes: async function* (position) {
      let at = position;
      for await (const chunk of read(file, position)) {
        const fresh = chunk.subarray(Math.max(0, hashed - at));
        at += chunk.length;
        if (at > hashed) {
          for (const hash of Object.values(hashes)) hash.update(fresh);
          hashed = at;
        }
        yield chunk;
      }
    },
    digests: () => finish(hashes),
  };
}

/**
 * The bytes of a file from a position on, in two alternating buffers: a chunk is valid until the next but one is
 * requested. New buffers for gigabytes would cost as much as reading them.
 */
export async function* read(file: string, position: number): AsyncGenerator<Uint8Array> {
  await using handle = await open(file);
  const [first, second] = [Buffer.allocUnsafeSlow(CHUNK), Buffer.allocUnsafeSlow(CHUNK)];
  let at = position;
  for (let buffer = first; ; buffer = buffer === first ? second : first) {
    const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The digests of a file. Throws the signal's reason when it aborts. */
export async function digestFile(file: string, signal: AbortSignal): Promise<Digests> {
  const { bytes, digests } = readHashing(file);
  for await (const _ of bytes(0)) signal.throwIfAborted();
  return digests();
}

/** The digests of bytes in memory. */
export function digestBytes(bytes: Uint8Array | string): Digests {
  const hashes = { md5: createHash('md5'), sha256: createHash('sha256'), sha512: createHash('sha512') };
  for (const hash of Object.values(hashes)) hash.update(bytes);
  return finish(hashes);
}

function finish({ md5, sha256, sha512 }: Readonly<Record<keyof Digests, Hash>>): Digests {
  return { md5: md5.digest('base64'), sha256: sha256.digest('hex'), sha512: sha512.digest('hex') };
}

/**
 * A cache of the digests of files, kept beside the build: a file with the same size, times and inode is not read again,
 * so staging an already staged build is cheap.
 */
export class DigestCache {
  readonly #file: string;
  readonly #known: Map<string, readonly [stamp: string, digests: Digests]>;
  #changed = false;

  private constructor(file: string, known: Map<string, readonly [string, Digests]>) {
    this.#file = file;
    this.#known = known;
  }

  /** Opens the cache of a source tree; a missing or damaged one is empty. */
  static async open(repoRoot: string): Promise<DigestCache> {
    const file = join(repoRoot, '_output', '.kubetest2-ts-digests.json');
    try {
      const known = JSON.parse(await readFile(file, 'utf8')) as Record<string, readonly [string, Digests]>;
      return new DigestCache(file, new Map(Object.entries(known)));
    } catch {
      return new DigestCache(file, new Map());
    }
  }

  find({ local, stamp }: BuiltFile): Digests | undefined {
    const entry = this.#known.get(local);
    return entry?.[0] === stamp ? entry[1] : undefined;
  }

  add(file: BuiltFile, digests: Digests): void {
    const { local, stamp } = file;
    if (this.find(file) === digests) return;
    this.#known.set(local, [stamp, digests]);
    this.#changed = true;
  }

  /** Saves the digests of these files, if any were added. */
  save(files: readonly BuiltFile[]): void {
    if (!this.#changed) return;
    const kept = files.flatMap(({ local }) => {
      const entry = this.#known.get(local);
      return entry === undefined ? [] : [[local, entry] as const];
    });
    writeAtomic(this.#file, JSON.stringify(Object.fromEntries(kept)));
    this.#changed = false;
  }
}
