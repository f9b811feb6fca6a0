import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import type { Readable } from 'node:stream';

/** Where a child's output comes from. */
export interface Source {
  /**
   * Gives every chunk to `take`, until the end; after one for which it returns false, `resume` asks for the next.
   * A chunk's bytes stay good for as long as the following 128 KiB arrive, not longer.
   */
  start(take: (chunk: Uint8Array) => boolean): void;
  resume(): void;
  /** Ends it before its time. */
  cut(): void;
  /** Settles at the end, however it came. */
  readonly ended: Promise<void>;
}

/** The most that is read at once, and room for the history that `Source` promises beside it. Bytes. */
const WINDOW = 64 * 1024;
const RING = 8 * WINDOW;

/**
 * Reads from a file descriptor that does not block, and closes it at the end. It does so into one piece of memory, round
 * and round: with a buffer for each read a flood takes twice the memory and a third more CPU time.
 */
export class PipeSource implements Source {
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #ring = Buffer.allocUnsafeSlow(RING);
  #at = 0;
  #take: (chunk: Uint8Array) => boolean = () => false;

  constructor(fd: number) {
    const onread = { buffer: () => this.#window(), callback: (length: number) => this.#taken(length) };
    this.#socket = new Socket({ fd, readable: true, writable: false, onread });
    this.ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
    this.#socket.on('error', () => undefined);
  }

  start(take: (chunk: Uint8Array) => boolean): void {
    this.#take = take;
    this.#socket.resume();
  }

  resume(): void {
    this.#socket.resume();
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Where the next chunk goes. */
  #window(): Buffer {
    if (this.#at + WINDOW > RING) this.#at = 0;
    return this.#ring.subarray(this.#at, this.#at + WINDOW);
  }

  #taken(length: number): boolean {
    const from = this.#at;
    this.#at += length;
    return this.#take(this.#ring.subarray(from, this.#at));
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
