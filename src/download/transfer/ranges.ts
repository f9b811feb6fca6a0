import { FetchError, pauseOrThrow, type RetryPolicy, retry } from '../../http/retry.ts';
import { cpuTime, monotonic } from '../../system/clock.ts';

import type { Beginning } from './partial-file.ts';
import type { Body, ObjectUrl, Source } from './source.ts';

/** The object was replaced during the download; the received part is useless. */
export class ChangedError extends FetchError {
  constructor({ shown }: ObjectUrl) {
    super(`${shown} changed while it was downloaded`, { retryable: false });
  }
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly policy: RetryPolicy;
  /** Parts of a large object fetched in parallel; with 1 it is requested in one piece. */
  readonly connections: number;
  /** The part received earlier: the download starts at its end. */
  readonly beginning?: Beginning | undefined;
  /** Called once the size and version of the object are known. */
  readonly onObject?: (object: Pick<Body, 'total' | 'validator'>) => Promise<void>;
  /** Called when the download is resumed at a byte after a failure. */
  readonly onResume?: (at: number, why: unknown) => void;
}

/** Memory for parts that were received ahead of the reader, and the limits on the size of one part. Bytes. */
const BUFFERED = 6 << 20;
const PART = { min: 512 << 10, max: 4 << 20 };
/** Parts that each connection may be ahead of the reader. */
const LEAD = 2;
/**
 * Probes: pieces of an object that are read over one connection, to measure whether more connections would help. They do
 * at less than `slow` bytes per millisecond, unless this process is the bottleneck; from `fast` on they only add cost.
 * In between the next probe decides: the first one runs before the code is optimized.
 */
const PROBES = [
  { bytes: 4 << 20, slow: 25_000, fast: 80_000 },
  { bytes: 16 << 20, slow: 60_000, fast: 60_000 },
];
/** CPUs in use from which on this process counts as the bottleneck. */
const BUSY = 0.7;

/**
 * Downloads an object, in order, from the end of `beginning` on. A chunk is valid until the next is requested. A broken
 * connection is resumed where it broke, failures are retried with growing delays. Throws FetchError when the download
 * fails, ChangedError when the object was replaced.
 */
export async function* downloadRanges(
  object: ObjectUrl,
  source: Source,
  options: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const { beginning } = options;
  const start = beginning?.size ?? 0;
  // Everything was received earlier; the caller verifies it.
  if (start === beginning?.total) return await options.onObject?.(beginning);
  const first = await openFirst(object, source, options, start);
  const { total, validator } = first;
  await options.onObject?.(first);
  const known = { object, source, options, validator, total };
  if (!first.ranged || total === undefined) {
    yield* range(known, { from: start, to: total }, first);
    return;
  }
  let at = start;
  let several = false;
  for (const { bytes, slow, fast } of PROBES) {
    const end = Math.min(at + bytes, total);
    const { rate, busy } = yield* timed(
      range(known, { from: at, to: end }, at === start ? first : undefined),
      end - at,
    );
    at = end;
    several = rate < slow && busy < BUSY;
    if (several || rate >= fast || at === total) break;
  }
  if (at < total) yield* several ? inOrder(known, { from: at, to: total }) : range(known, { from: at, to: total });
}

/** Opens the object at its first missing byte: all of it for one connection, else the first probe. */
async function openFirst(
  object: ObjectUrl,
  source: Source,
  { beginning, connections, policy, signal }: DownloadOptions,
  start: number,
): Promise<Body> {
  const to = connections > 1 ? start + (PROBES[0]?.bytes ?? 0) : undefined;
  const ask = { from: start, to, validator: beginning?.validator, signal };
  const body = await retry(() => source.open(object.url, ask), policy, signal);
  if (!beginning || (body.validator === beginning.validator && body.total === beginning.total)) return body;
  body.discard();
  throw new ChangedError(object);
}

interface Timing {
  /** Bytes per millisecond, from the first byte on. */
  readonly rate: number;
  /** CPUs that this process used meanwhile. */
  readonly busy: number;
}

/** Passes chunks on and returns how fast they came. */
async function* timed(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, Timing> {
  let began: { readonly at: number; readonly used: number } | undefined;
  for await (const chunk of chunks) {
    began ??= { at: monotonic(), used: cpuTime() };
    yield chunk;
  }
  const took = monotonic() - (began?.at ?? 0);
  return { rate: bytes / took, busy: (cpuTime() - (began?.used ?? 0)) / took };
}

interface Known {
  readonly object: ObjectUrl;
  readonly source: Source;
  readonly options: DownloadOptions;
  readonly validator: string | undefined;
  readonly total: number | undefined;
}

interface Span {
  readonly from: number;
  /** One past the last byte; undefined when the end is unknown. */
  readonly to: number | undefined;
}

/** Fetches several parts in parallel and passes them on in order. */
async function* inOrder(
  known: Known,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  const { connections } = known.options;
  const part = Math.max(PART.min, Math.min(PART.max, Math.floor(BUFFERED / connections / LEAD)));
  const stop = new AbortController();
  const signal = AbortSignal.any([known.options.signal, stop.signal]);
  const lane = { ...known, options: { ...known.options, signal } };
  const waiting: Prefetched[] = [];
  const buffers: Uint8Array[] = [];
  let held = 0;
  let running = 0;
  let next = from;
  const start = (): void => {
    while (next < to && running < connections && held < connections * LEAD) {
      const span = { from: next, to: Math.min(next + part, to) };
      const fetching = new Prefetched(range(lane, span), buffers.pop() ?? new Uint8Array(part));
      waiting.push(fetching);
      next = span.to;
      held += 1;
      running += 1;
      void fetching.ended.then(() => {
        running -= 1;
        if (!signal.aborted) start();
      });
    }
  };
  try {
    start();
    for (let head = waiting.shift(); head; head = waiting.shift()) {
      yield* head;
      buffers.push(head.buffer);
      held -= 1;
      start();
    }
  } finally {
    stop.abort(new Error('the download stopped'));
    for (const each of waiting) await each.ended;
  }
}

/** Reads a part into a buffer, ahead of its reader. */
class Prefetched implements AsyncIterable<Uint8Array> {
  readonly buffer: Uint8Array;
  /** Resolves at the end of the part, or when it failed. */
  readonly ended: Promise<void>;
  #filled = 0;
  /** Set at the end: returns, or throws the error. */
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

/** Reads one part of an object, or all of it, and resumes after failures. */
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
      throw new FetchError(`${known.object.shown} ended after ${at} of ${known.total} bytes`, { retryable: true });
    } catch (error) {
      body = undefined;
      failures += 1;
      await pauseOrThrow(error, failures, options.policy, options.signal);
      options.onResume?.(at, error);
    }
  }
}

/** Requests the rest of a part of the same object. */
async function reopen(known: Known, span: Span): Promise<Body> {
  const { object, source, validator, options } = known;
  const to = span.to === known.total ? undefined : span.to;
  const body = await source.open(object.url, { ...span, to, validator, signal: options.signal });
  if (validator === body.validator && (known.total ?? body.total) === (body.total ?? known.total)) return body;
  body.discard();
  throw new ChangedError(object);
}

/** The chunks of a body within a span, also when the server sends the whole object. */
async function* rest(known: Known, body: Body, { from, to }: Span): AsyncGenerator<Uint8Array> {
  let at = body.from;
  if (at > from) throw new FetchError(`${known.object.shown}: the server skipped bytes`, { retryable: false });
  for await (const chunk of body.bytes) {
    const start = Math.max(0, from - at);
    const end = to === undefined ? chunk.length : Math.min(chunk.length, to - at);
    at += chunk.length;
    if (start < end) yield start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
    if (to !== undefined && at >= to) return;
  }
}
