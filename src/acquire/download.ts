import { FetchError, type Pace, pauseOrThrow, retried } from './retry.ts';
import { shownUrl } from './shown-url.ts';
import type { Body, Source } from './source.ts';

/** The object was replaced while it was read: what was read of it is of no use. */
export class ChangedError extends FetchError {
  constructor(url: string) {
    super(`${shownUrl(url)}: changed while it was downloaded`, { again: false });
  }
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly pace: Pace;
  /** Parts of a large object fetched at once; 1 asks for it in one piece. */
  readonly connections: number;
  /** Told the size of the object as soon as it is known. */
  readonly onTotal?: (total: number) => void;
  /** Told when a cut connection is continued at a byte. */
  readonly onResume?: (at: number, why: unknown) => void;
}

/** Bytes held back by all parts that are ahead of their turn, as far as parts of a sensible size allow. */
const AHEAD = 8 << 20;
const PART = { least: 1 << 20, most: 4 << 20 };
/** Bytes a millisecond from which one connection is left alone: more would only cost more. */
const FAST = 80_000;

/**
 * The bytes of an object in their order; each chunk is good until the next is asked for. A cut connection is continued where it broke, failures are tried again with
 * growing pauses. Throws FetchError when it cannot be had, ChangedError when it is not the same object any more.
 */
export async function* download(url: string, source: Source, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const part = Math.max(PART.least, Math.min(PART.most, Math.floor(AHEAD / options.connections)));
  const whole = { from: 0, to: options.connections > 1 ? part : undefined };
  const started = performance.now();
  const first = await retried(
    () => source.open(url, { ...whole, signal: options.signal }),
    options.pace,
    options.signal,
  );
  const total = first.total;
  if (total !== undefined) options.onTotal?.(total);
  const known = { url, source, options, validator: first.validator, total };
  if (!first.ranged || total === undefined) {
    yield* range(known, { from: 0, to: total }, first);
    return;
  }
  const end = Math.min(part, total);
  yield* range(known, { from: 0, to: end }, first);
  if (end === total) return;
  const fast = end / (performance.now() - started) > FAST;
  yield* fast ? range(known, { from: end, to: total }) : inOrder(known, { from: end, to: total }, part);
}

interface Known {
  readonly url: string;
  readonly source: Source;
  readonly options: DownloadOptions;
  readonly validator: string | undefined;
  readonly total: number | undefined;
}

interface Span {
  readonly from: number;
  /** One past the last byte; undefined when the end is not known. */
  readonly to: number | undefined;
}

/** Fetches several parts at once; each is handed on when its turn comes. */
async function* inOrder(
  known: Known,
  { from, to }: { from: number; to: number },
  part: number,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const signal = AbortSignal.any([known.options.signal, stop.signal]);
  const lane = { ...known, options: { ...known.options, signal } };
  const fetching: Prefetched[] = [];
  const buffers: Uint8Array[] = [];
  let next = from;
  try {
    for (;;) {
      while (next < to && fetching.length < known.options.connections) {
        const span = { from: next, to: Math.min(next + part, to) };
        fetching.push(new Prefetched(range(lane, span), buffers.pop() ?? new Uint8Array(part)));
        next = span.to;
      }
      const head = fetching.shift();
      if (head === undefined) return;
      yield* head;
      buffers.push(head.buffer);
    }
  } finally {
    stop.abort(new Error('the download ended'));
    for (const each of fetching) await each.ended;
  }
}

/** Reads a part into a buffer, ahead of its reader. */
class Prefetched implements AsyncIterable<Uint8Array> {
  readonly buffer: Uint8Array;
  /** Resolves when nothing more will come, whether it failed or not. */
  readonly ended: Promise<void>;
  #filled = 0;
  /** Set at the end: returns, or throws what went wrong. */
  #end: (() => void) | undefined;
  #wake: () => void = () => undefined;

  constructor(source: AsyncIterable<Uint8Array>, buffer: Uint8Array) {
    this.buffer = buffer;
    this.ended = this.#read(source);
  }

  async #read(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        this.buffer.set(chunk, this.#filled);
        this.#filled += chunk.length;
        this.#wake();
      }
      this.#end = () => undefined;
    } catch (error) {
      this.#end = () => {
        throw error;
      };
    }
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let read = 0; ; ) {
      const end = this.#filled;
      if (end > read) {
        yield this.buffer.subarray(read, end);
        read = end;
        continue;
      }
      if (this.#end) return this.#end();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}

/** One part of an object, or all of it, continued as often as the connection breaks. */
async function* range(known: Known, span: Span, opened?: Body): AsyncGenerator<Uint8Array> {
  const { options } = known;
  let at = span.from;
  let body = opened;
  for (let failures = 0; ; ) {
    try {
      body ??= await reopen(known, { from: at, to: span.to });
      for await (const chunk of rest(known, body, { from: at, to: span.to })) {
        at += chunk.length;
        failures = 0;
        yield chunk;
      }
      if (span.to === undefined || at >= span.to) return;
      throw new FetchError(`${shownUrl(known.url)}: ended after ${at} of ${known.total} bytes`, { again: true });
    } catch (error) {
      body = undefined;
      failures += 1;
      await pauseOrThrow(error, failures, options.pace, options.signal);
      options.onResume?.(at, error);
    }
  }
}

/** Asks for the rest of a part, of the same object. */
async function reopen(known: Known, span: Span): Promise<Body> {
  const { url, source, validator, options } = known;
  const asked = span.to === known.total ? undefined : span.to;
  const body = await source.open(url, { ...span, to: asked, validator, signal: options.signal });
  if (validator === body.validator && (known.total ?? body.total) === (body.total ?? known.total)) return body;
  body.discard();
  throw new ChangedError(url);
}

/** The chunks of a body from the byte that is wanted on, also when the server sends everything from the beginning. */
async function* rest(known: Known, body: Body, { from, to }: Span): AsyncGenerator<Uint8Array> {
  let at = body.from;
  if (at > from) throw new FetchError(`${shownUrl(known.url)}: the server skipped bytes`, { again: false });
  for await (const chunk of body.bytes) {
    const start = Math.max(0, from - at);
    const end = to === undefined ? chunk.length : Math.min(chunk.length, to - at);
    at += chunk.length;
    if (start < end) yield start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
    if (to !== undefined && at >= to) return;
  }
}
