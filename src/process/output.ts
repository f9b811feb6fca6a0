import { fstatSync } from 'node:fs';
import { messageOf } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { OutputSource } from './pipe.ts';

/** How much of a child's output is kept: its end in every mode, and each stream when it is captured. Bytes. */
const MAX_TAIL = 64 * 1024;
/** What is looked at before that, since a secret may begin there. Bytes; longer than a private key. */
const BEFORE_TAIL = 32 * 1024;
const MAX_CAPTURE = 64 * 1024 * 1024;

export interface OutputOptions {
  readonly output?: 'live' | 'capture' | 'log' | 'inherit';
  readonly onOutput?: (chunk: Uint8Array) => void;
}

/** Passes on, captures and keeps the end of the output of one child. */
export class ChildOutput {
  readonly #tail = new Tail(MAX_TAIL + BEFORE_TAIL);
  readonly #captured = { stdout: new Capture(), stderr: new Capture() };
  readonly #sinks: Readonly<Record<'stdout' | 'stderr', OutputSink>>;
  readonly #options: OutputOptions;
  /** Why the child must be stopped because of its output. */
  refusal: Error | undefined;
  /** Called once, when `refusal` is set. */
  onRefusal: () => void = () => undefined;

  constructor(sinks: Readonly<Record<'stdout' | 'stderr', OutputSink>>, options: OutputOptions) {
    this.#sinks = sinks;
    this.#options = options;
  }

  /** Takes over one of the child's streams. */
  relay(source: OutputSource, name: 'stdout' | 'stderr'): Relay {
    const { output = 'live', onOutput } = this.#options;
    const capture = output === 'capture' ? this.#captured[name] : undefined;
    const sink = output === 'capture' ? undefined : this.#sinks[output === 'log' ? 'stderr' : name];
    return new Relay(source, sink, (chunk) => {
      this.#tail.add(chunk);
      if (this.refusal !== undefined) return;
      try {
        onOutput?.(Buffer.from(chunk));
        capture?.add(chunk);
      } catch (error) {
        this.refusal = error instanceof Error ? error : new Error(messageOf(error));
        this.onRefusal();
      }
    });
  }

  /** The captured text of a stream; empty in the other modes. */
  captured(name: 'stdout' | 'stderr'): string {
    return this.#captured[name].text();
  }

  /** The last bytes of the output, masked, after the last ones that `written` reads back from our own files. */
  tail(written: (limit: number) => Uint8Array[], mask: (text: string) => string): string {
    const files = written(MAX_TAIL + BEFORE_TAIL);
    const streams = [...files, this.#tail.bytes()].filter((bytes) => bytes.length > 0);
    // Their order is not known: each gets an equal share.
    const share = Math.floor(MAX_TAIL / (streams.length || 1));
    return streams.map((bytes) => maskedEnd(bytes, share, mask)).join('');
  }
}

/**
 * The end of an output, masked before it is cut: the half of a secret cannot be recognised. Where the output may itself
 * lack its beginning, its first line goes as well.
 */
export function maskedEnd(bytes: Uint8Array, limit: number, mask: (text: string) => string): string {
  const kept = bytes.subarray(Math.max(0, bytes.length - limit - BEFORE_TAIL));
  const masked = mask(Buffer.from(kept).toString('utf8'));
  return kept.length < limit + BEFORE_TAIL ? lastBytes(masked, limit) : lastBytes(withoutFirstLine(masked), limit);
}

function withoutFirstLine(text: string): string {
  const end = text.indexOf('\n');
  return text.slice(end === -1 || end > BEFORE_TAIL / 2 ? BEFORE_TAIL / 2 : end + 1);
}

function lastBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= limit ? text : bytes.subarray(bytes.length - limit).toString('utf8');
}

class Capture {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes > MAX_CAPTURE)
      throw new Error(`printed more than ${MAX_CAPTURE / 1024 / 1024} MiB, the limit for captured output`);
    this.#chunks.push(Buffer.from(chunk));
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

/** Keeps the last bytes of a stream, by reference to the chunks that hold them. */
export class Tail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    let drop = 0;
    for (const first of this.#chunks) {
      if (this.#bytes - first.byteLength < this.#limit) break;
      this.#bytes -= first.byteLength;
      drop += 1;
    }
    if (drop > 0) this.#chunks.splice(0, drop);
    // Many tiny chunks take more memory than their bytes.
    if (this.#chunks.length > 1024) this.#chunks = [Buffer.concat(this.#chunks)];
  }

  bytes(): Uint8Array {
    const bytes = Buffer.concat(this.#chunks);
    return bytes.subarray(Math.max(0, bytes.byteLength - this.#limit));
  }
}

/** Whether two of our output streams have the same destination, so that their relative order is visible. */
export function samePlace(one: NodeJS.WritableStream, other: NodeJS.WritableStream): boolean {
  const [first, second] = [one, other].map((stream) => {
    if (!('fd' in stream) || typeof stream.fd !== 'number') return undefined;
    try {
      const { dev, ino } = fstatSync(stream.fd);
      return `${dev} ${ino}`;
    } catch {
      return undefined;
    }
  });
  return one === other || (first !== undefined && first === second);
}

/** One of our own output streams, which may be slow, full or closed. */
export class OutputSink {
  readonly #stream: NodeJS.WritableStream;
  readonly #name: string;
  readonly #log: Log;
  #closed: boolean = false;

  constructor(stream: NodeJS.WritableStream, name: string, log: Log) {
    this.#stream = stream;
    this.#name = name;
    this.#log = log;
    stream.on('error', (error: unknown) => this.#lose(error));
  }

  /** Writes; false when the caller should wait with `whenReady` before the next chunk. A closed stream drops everything. */
  write(chunk: Uint8Array): boolean {
    if (this.#closed) return true;
    try {
      return this.#stream.write(chunk);
    } catch (error) {
      this.#lose(error);
      return true;
    }
  }

  /** Calls back once when the stream is writable again or closed. Returns a function that cancels. */
  whenReady(callback: () => void): () => void {
    const stop = (): void => {
      for (const event of ['drain', 'error', 'close']) this.#stream.off(event, done);
    };
    const done = (): void => {
      stop();
      callback();
    };
    for (const event of ['drain', 'error', 'close']) this.#stream.on(event, done);
    return stop;
  }

  #lose(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#log.warn(`Cannot write to ${this.#name} (${messageOf(error)}); further output of commands is lost there`);
    } catch {
      // The log goes to the stream that was just closed.
    }
  }
}

/** Passes one stream of a child on to its destination. */
export class Relay {
  /** Settles when the source has ended or was cut. */
  readonly ended: Promise<void>;
  /** True once the source has ended. */
  over: boolean = false;
  /** Bytes so far. */
  passed = 0;
  /** True while the sink is full, so that a silent source does not mean that it has ended. */
  waiting: boolean = false;
  readonly #source: OutputSource;

  /** Passes chunks to `see` and, where there is one, to the sink, at the speed of the sink. */
  constructor(source: OutputSource, sink: OutputSink | undefined, see: (chunk: Uint8Array) => void) {
    this.#source = source;
    let forget = (): void => undefined;
    const resume = (): void => {
      this.waiting = false;
      source.resume();
    };
    this.ended = source.ended.then(() => {
      forget();
      this.over = true;
      this.waiting = false;
    });
    source.start((chunk) => {
      this.passed += chunk.byteLength;
      see(chunk);
      if (sink === undefined || sink.write(chunk)) return true;
      this.waiting = true;
      forget = sink.whenReady(resume);
      return false;
    });
  }

  /** Stops reading. */
  cut(): void {
    this.#source.cut();
  }
}
