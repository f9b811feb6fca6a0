import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { pid } from 'node:process';
import type { Readable } from 'node:stream';

/** The reading end of one stream of a child. */
export interface OutputSource {
  /**
   * Passes every chunk to `take`, until the end; after one for which that returns false, `resume` continues.
   * A chunk's bytes stay valid until another 128 KiB have arrived.
   */
  start(take: (chunk: Uint8Array) => boolean): void;
  resume(): void;
  /** Closes it before its end. */
  cut(): void;
  /** Settles at the end, also after an error. */
  readonly ended: Promise<void>;
}

/** The size of one read, and of the buffer that keeps chunks valid as `OutputSource` promises. Bytes. */
const WINDOW = 64 * 1024;
const RING = 8 * WINDOW;

/**
 * Reads from a non-blocking file descriptor, and closes it at the end. It reads into a ring buffer: with a buffer for each
 * read much output takes twice the memory and a third more CPU time.
 */
export class PipeSource implements OutputSource {
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

  /** The buffer for the next chunk. */
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

/** Reads from Node's own stream, where there are no named pipes. */
export class StreamSource implements OutputSource {
  readonly ended: Promise<void>;
  readonly #stream: Readable;

  constructor(stream: Readable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => stream.once('close', () => resolve()));
    // A reset connection is an end like any other; the child's exit tells whether it failed.
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
 * Opens a file descriptor to read a text from, of an unlinked file: unlike with a socket, a script can open /dev/stdin.
 * Undefined when the directory is not writable.
 */
export function openInput(text: string, directory: string): number | undefined {
  const path = join(directory, `kubetest2-ts-${pid}-${Math.random().toString(36).slice(2)}`);
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

/** Removes a file that may not exist. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The error of its creation has been handled.
  }
}
