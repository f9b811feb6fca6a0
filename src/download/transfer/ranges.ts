import { FetchError, type Pace, pauseOrThrow, retried } from '../../http/retry.ts';
import { cpuTime, monotonic } from '../../system/clock.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Beginning } from './partial-file.ts';
import type { Body, Source } from './source.ts';

/** The object was replaced while it was read: what was read of it is of no use. */
export class ChangedError extends FetchError {
  constructor(url: string) {
    super(`${redactUrl(url)}: changed while it was downloaded`, { again: false });
  }
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly pace: Pace;
  /** Parts of a large object fetched at once; 1 asks for it in one piece. */
  readonly connections: number;
  /** What is there already of one version of the object: bytes come from its end on. */
  readonly beginning?: Beginning | undefined;
  /** Told about the object as soon as something is known. */
  readonly onObject?: (object: Pick<Body, 'total' | 'validator'>) => Promise<void>;
  /** Told when a cut connection is continued at a byte. */
  readonly onResume?: (at: number, why: unknown) => void;
}

/** Bytes held back by all parts that are ahead of their turn, as far as parts of a sensible size allow. */
const AHEAD = 6 << 20;
const PART = { least: 512 << 10, most: 4 << 20 };
/** Parts a connection may be ahead of its turn, so that it need not wait for the reader. */
const LEAD = 2;
/**
 * Pieces of an object that are read over one connection, to see whether more would help. They do at less than `slow`
 * bytes a millisecond, unless it is ourselves who are slow; from `fast` on they only cost. Between the two the next
 * piece decides: the first one is read by a program that is not warm yet.
 */
const PROBES = [
  { bytes: 4 << 20, slow: 25_000, fast: 80_000 },
  { bytes: 16 << 20, slow: 60_000, fast: 60_000 },
];
/** Processors in use, from which on it is ourselves. */
const BUSY = 0.7;

/**
 * The bytes of an object in their order, after those that are there; each chunk is good until the next is asked for. A
 * cut connection is continued where it broke, failures are tried again with growing pauses. Throws FetchError when it
 * cannot be had, ChangedError when it is not the same object any more.
 */
export async function* download(url: string, source: Source, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  const { beginning } = options;
  const start = beginning?.size ?? 0;
  // All of it is there: whether it is right is for others to say.
  if (start === beginning?.total) return await options.onObject?.(beginning);
  const first = await openFirst(url, source, options, start);
  const { total, validator } = first;
  await options.onObject?.(first);
  const known = { url, source, options, validator, total };
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

/** Opens the object at its first byte that is wanted; over one connection all of it, else what shows how fast it comes. */
async function openFirst(
  url: string,
  source: Source,
  { beginning, connections, pace, signal }: DownloadOptions,
  start: number,
): Promise<Body> {
  const to = connections > 1 ? start + (PROBES[0]?.bytes ?? 0) : undefined;
  const ask = { from: start, to, validator: beginning?.validator, signal };
  const body = await retried(() => source.open(url, ask), pace, signal);
  if (!beginning || (body.validator === beginning.validator && body.total === beginning.total)) return body;
  body.discard();
  throw new ChangedError(url);
}

interface Timing {
  /** Bytes a millisecond, from the first that came on. */
  readonly rate: number;
  /** Processors this program used meanwhile. */
  readonly busy: number;
}

/** Hands bytes on and tells how they came. */
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
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<Uint8Array> {
  const { connections } = known.options;
  const part = Math.max(PART.least, Math.min(PART.most, Math.floor(AHEAD / connections / LEAD)));
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
    stop.abort(new Error('the download ended'));
    for (const each of waiting) await each.ended;
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
      throw new FetchError(`${redactUrl(known.url)}: ended after ${at} of ${known.total} bytes`, { again: true });
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
  if (at > from) throw new FetchError(`${redactUrl(known.url)}: the server skipped bytes`, { again: false });
  for await (const chunk of body.bytes) {
    const start = Math.max(0, from - at);
    const end = to === undefined ? chunk.length : Math.min(chunk.length, to - at);
    at += chunk.length;
    if (start < end) yield start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
    if (to !== undefined && at >= to) return;
  }
}
