import { closeSync, openSync, readSync, unlinkSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import type { Readable } from 'node:stream';

/** Where a child's output comes from. */
export interface Source {
  /**
   * Gives every chunk to `take`, until the end; after one for which it says false, `resume` asks for the next.
   * A chunk's bytes stay good for as long as the following 128 KiB arrive, not longer.
   */
  start(take: (chunk: Uint8Array) => boolean): void;
  resume(): void;
  /** The child has ended: what it left here is given at once, if there is a way to look. */
  catchUp?(): void;
  /** Ends it before its time. */
  cut(): void;
  /** Settles at the end, however it came. */
  readonly ended: Promise<void>;
}

/** The most that is read at once, and room for the history that `Source` promises beside it. Bytes. */
const WINDOW = 64 * 1024;
const RING = 8 * WINDOW;
/** A child that ends sooner is read when it has ended: to listen to a pipe takes as long as many a child. Milliseconds. */
const SHORT = 10;
const NONE = Buffer.alloc(0);

/**
 * Reads from a file descriptor that does not block, and closes it at the end. It does so into one piece of memory, round
 * and round: a flood costs neither allocations nor copies.
 */
export class PipeSource implements Source {
  readonly ended: Promise<void>;
  readonly #end: () => void;
  readonly #fd: number;
  #take: (chunk: Uint8Array) => boolean = () => false;
  /** Made when the first bytes are asked for. */
  #ring: Buffer = NONE;
  #at = 0;
  #soon: NodeJS.Timeout | undefined;
  /** Who listens, and owns the descriptor. */
  #socket: Socket | undefined;
  #over: boolean = false;

  constructor(fd: number) {
    this.#fd = fd;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#end = resolve;
  }

  start(take: (chunk: Uint8Array) => boolean): void {
    this.#take = take;
    this.#soon = setTimeout(() => this.#listen(), SHORT);
  }

  resume(): void {
    this.#listen();
  }

  catchUp(): void {
    if (this.#socket !== undefined || this.#over) return;
    clearTimeout(this.#soon);
    try {
      for (;;) {
        const length = readSync(this.#fd, this.#window());
        if (length === 0) return this.#close();
        if (!this.#taken(length)) return;
      }
    } catch {
      // Others write to it too, or the system cannot tell yet.
      this.#listen();
    }
  }

  cut(): void {
    if (this.#socket === undefined) this.#close();
    else this.#socket.destroy();
  }

  #listen(): void {
    if (this.#over) return;
    clearTimeout(this.#soon);
    this.#socket ??= new Socket({
      fd: this.#fd,
      readable: true,
      writable: false,
      onread: { buffer: () => this.#window(), callback: (length) => this.#taken(length) },
    })
      .on('error', () => undefined)
      .once('close', this.#end);
    this.#socket.resume();
  }

  /** Where the next chunk goes. */
  #window(): Buffer {
    if (this.#ring === NONE) this.#ring = Buffer.allocUnsafeSlow(RING);
    if (this.#at + WINDOW > RING) this.#at = 0;
    return this.#ring.subarray(this.#at, this.#at + WINDOW);
  }

  #taken(length: number): boolean {
    const from = this.#at;
    this.#at += length;
    return this.#take(this.#ring.subarray(from, this.#at));
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#soon);
    closeSync(this.#fd);
    this.#end();
  }
}

/** Node's own stream, for where there are no named pipes. */
export class StreamSource implements Source {
  readonly ended: Promise<void>;
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => stream.once('close', () => resolve()));
    // A reset connection is an end like any other: how the child ended says what is to be said.
    stream.on('error', () => undefined);
  }

  start(take: (chunk: Uint8Array) => boolean): void {
    this.#stream.on('data', (chunk: Uint8Array) => {
      if (!take(chunk)) this.#stream.pause();
    });
  }

  resume(): void {
    this.#stream.resume();
  }

  cut(): void {
    this.#stream.destroy();
  }
}

/**
 * A file descriptor to read a text from, of a file that has no name any more: a script can open /dev/stdin, which it cannot
 * when that is a socket. Undefined when the folder cannot be written.
 */
export function openInput(text: string, folder: string): number | undefined {
  const path = join(folder, `kubetest2-ts-${pid}-${Math.random().toString(36).slice(2)}`);
  let writeEnd: number | undefined;
  try {
    writeEnd = openSync(path, 'wx', 0o600);
    writeFileSync(writeEnd, text);
    return openSync(path, 'r');
  } catch {
    return undefined;
  } finally {
    if (writeEnd !== undefined) closeSync(writeEnd);
    removeIfThere(path);
  }
}

/** Removes a file that may never have been made. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Whoever was to make it has told why it did not.
  }
}
