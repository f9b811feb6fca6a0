import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { Parser, ReadEntry } from 'tar';
import { messageOf, RunError } from '../../api/errors.ts';
import type { Sink, WrittenFile } from './sink.ts';

/** The highest accepted compression ratio, beyond the free amount in bytes; that of programs is three to five. */
const MAX_RATIO = 100;
const FREE = 64 << 20;
/** The size of a decompressed chunk. Bytes. */
const CHUNK = 1 << 20;

/**
 * Opens a sink for a `.tar.gz` that extracts the named members to files in `directory`, and nothing else. Errors of the
 * archive and missing members are thrown by `end`, so that the checksum of the package is verified first.
 */
export async function openTarSink(what: string, names: readonly string[], directory: string): Promise<Sink> {
  const { Parser } = await import('tar');
  return new TarSink(what, names, directory, (options) => new Parser(options));
}

type OpenParser = (options: ConstructorParameters<typeof Parser>[0]) => Parser;

class TarSink implements Sink {
  readonly #what: string;
  readonly #directory: string;
  readonly #missing: Set<string>;
  readonly #order: readonly string[];
  readonly #found = new Map<string, WrittenFile>();
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: CHUNK });
  readonly #parser: Parser;
  readonly #over = Promise.withResolvers<void>();
  readonly #writing: Promise<void>[] = [];
  readonly #writers = new Set<WriteStream>();
  #packed = 0;
  #inflated = 0;
  #ended: { readonly failure: Error | undefined } | undefined;

  constructor(what: string, names: readonly string[], directory: string, openParser: OpenParser) {
    this.#what = what;
    this.#directory = directory;
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
    if (this.#ended) return this.#throwSystemError();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gunzip.write(chunk, () => resolve());
    await Promise.race([promise, this.#over.promise]);
  }

  async end(): Promise<ReadonlyMap<string, WrittenFile>> {
    if (this.#ended === undefined) this.#gunzip.end();
    await this.#over.promise;
    await Promise.allSettled(this.#writing);
    const failure = this.#ended?.failure;
    if (failure) throw new RunError(`cannot unpack ${this.#what}: ${messageOf(failure)}`, { cause: failure });
    if (this.#missing.size > 0) throw new RunError(`${this.#what} does not contain ${[...this.#missing].join(', ')}`);
    return this.#found;
  }

  async destroy(): Promise<void> {
    this.#stop(new Error('abandoned'));
    await Promise.allSettled(this.#writing);
  }

  /** A system error, such as a full disk, stops the download; errors of the archive wait for its checksum. */
  #throwSystemError(): void {
    const failure = this.#ended?.failure?.cause;
    if (failure instanceof Error && 'syscall' in failure) throw failure;
  }

  #inflate(chunk: Buffer): void {
    if (this.#ended) return;
    this.#inflated += chunk.length;
    if (this.#inflated > FREE + this.#packed * MAX_RATIO) {
      this.#stop(new Error(`it unpacks to more than ${MAX_RATIO} times its size`));
    } else if (!this.#parser.write(chunk)) this.#gunzip.pause();
  }

  #take(entry: ReadEntry): void {
    const name = plain(entry.path);
    // What the parser still had in memory when extracting was stopped.
    if (this.#ended) return void entry.resume();
    if (!['File', 'OldFile', 'ContiguousFile'].includes(entry.type)) {
      this.#stop(new Error(`${name} is a ${entry.type}, not a regular file`));
      entry.resume();
      return;
    }
    this.#missing.delete(name);
    this.#writing.push(this.#save(name, entry));
  }

  async #save(name: string, entry: ReadEntry): Promise<void> {
    const path = join(this.#directory, String(this.#order.indexOf(name)));
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

  /** Stops extracting; further chunks are ignored. */
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
