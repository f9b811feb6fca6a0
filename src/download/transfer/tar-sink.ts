import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Parser, ReadEntry } from 'tar';
import { messageOf, RunError } from '../../api/errors.ts';
import type { Sink, Written } from './sink.ts';

/** More than this for each packed byte, beyond the free amount, is a bomb; programs unpack to three to five times. */
const RATIO = 100;
const FREE = 64 << 20;
/** What the inflater hands on at once. */
const CHUNK = 1 << 20;

/**
 * Opens a sink for a `.tar.gz` that writes the wanted members to files in `folder`, nothing else and nowhere else.
 * What cannot be unpacked, or lacks a member, fails at the end: whether the package is the right one comes first.
 */
export async function openUnpacker(what: string, names: readonly string[], folder: string): Promise<Sink> {
  const { Parser } = await import('tar');
  return new Untar(what, names, folder, (options) => new Parser(options));
}

type OpenParser = (options: ConstructorParameters<typeof Parser>[0]) => Parser;

class Untar implements Sink {
  readonly #what: string;
  readonly #folder: string;
  readonly #missing: Set<string>;
  readonly #order: readonly string[];
  readonly #found = new Map<string, Written>();
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK });
  readonly #parser: Parser;
  readonly #over = Promise.withResolvers<void>();
  readonly #writing: Promise<void>[] = [];
  readonly #writers = new Set<WriteStream>();
  #packed = 0;
  #inflated = 0;
  #ended: { readonly failure: Error | undefined } | undefined;

  constructor(what: string, names: readonly string[], folder: string, openParser: OpenParser) {
    this.#what = what;
    this.#folder = folder;
    this.#order = names;
    this.#missing = new Set(names);
    this.#parser = openParser({
      filter: (path) => this.#missing.has(plain(path)),
      onReadEntry: (entry) => this.#take(entry),
      onwarn: (code, message) => {
        if (code !== 'TAR_ENTRY_INFO') this.#stop(new Error(messageOf(message)));
      },
      strict: false,
    });
    this.#gunzip.on('data', (chunk: Buffer) => this.#inflate(chunk));
    this.#gunzip.on('end', () => this.#parser.end());
    this.#gunzip.on('error', (error) => this.#stop(error));
    this.#parser.on('drain', () => this.#gunzip.resume());
    this.#parser.on('end', () => this.#stop());
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#packed += chunk.length;
    if (this.#ended) return this.#giveUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gunzip.write(chunk, () => resolve());
    await Promise.race([promise, this.#over.promise]);
  }

  async end(): Promise<ReadonlyMap<string, Written>> {
    if (this.#ended === undefined) this.#gunzip.end();
    await this.#over.promise;
    await Promise.allSettled(this.#writing);
    const failure = this.#ended?.failure;
    if (failure) throw new RunError(`${this.#what}: cannot be unpacked: ${messageOf(failure)}`, { cause: failure });
    if (this.#missing.size > 0) throw new RunError(`${this.#what}: has no ${[...this.#missing].join(', ')}`);
    return this.#found;
  }

  async destroy(): Promise<void> {
    this.#stop(new Error('abandoned'));
    await Promise.allSettled(this.#writing);
  }

  /** A disk that is full stays so; a package that cannot be unpacked is judged by its digest first. */
  #giveUp(): void {
    const failure = this.#ended?.failure?.cause;
    if (failure instanceof Error && 'syscall' in failure) throw failure;
  }

  #inflate(chunk: Buffer): void {
    if (this.#ended) return;
    this.#inflated += chunk.length;
    if (this.#inflated > FREE + this.#packed * RATIO) {
      this.#stop(new Error(`unpacks to more than ${RATIO} times its size`));
    } else if (!this.#parser.write(chunk)) this.#gunzip.pause();
  }

  #take(entry: ReadEntry): void {
    const name = plain(entry.path);
    if (!['File', 'OldFile', 'ContiguousFile'].includes(entry.type)) {
      this.#stop(new Error(`${name} is no regular file in it but a ${entry.type}`));
      entry.resume();
      return;
    }
    this.#missing.delete(name);
    this.#writing.push(this.#save(name, entry));
  }

  async #save(name: string, entry: ReadEntry): Promise<void> {
    const path = join(this.#folder, String(this.#order.indexOf(name)));
    const hash: Hash = createHash('sha256');
    const out = createWriteStream(path, { flags: 'wx', mode: 0o600, highWaterMark: 2 << 20 });
    this.#writers.add(out);
    entry.on('data', (chunk) => hash.update(chunk));
    entry.pipe(out);
    try {
      await finished(out);
      const size = out.bytesWritten;
      if (size !== entry.size) throw new Error(`${name} ends after ${size} of ${entry.size} bytes`);
      this.#found.set(name, { path, sha256: hash.digest('hex'), size });
      if (this.#found.size === this.#order.length) this.#stop();
    } catch (error) {
      this.#stop(new Error(messageOf(error), { cause: error }));
    }
  }

  /** Nothing more is wanted: what comes after is only hashed, by others. */
  #stop(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = { failure };
    this.#gunzip.removeAllListeners('data');
    this.#gunzip.destroy();
    if (failure) for (const out of this.#writers) out.destroy(failure);
    this.#over.resolve();
  }
}

/** `./a/b` and `a/b` are the same member. */
function plain(path: string): string {
  return path.replace(/^(?:\.\/+)+/, '');
}
