import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { causes, messageOf, RunError } from '../../api/errors.ts';
import type { Log } from '../../api/log.ts';
import { FetchError, type Pace } from '../../http/retry.ts';
import { monotonic } from '../../system/clock.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Algorithm, Expected } from '../cache/digest.ts';
import { inBatches } from './batches.ts';
import type { Unfinished } from './partial-file.ts';
import { megabytes, openMeter } from './progress.ts';
import { ChangedError, download } from './ranges.ts';
import type { Sink, Written } from './sink.ts';
import type { Source } from './source.ts';

export interface ObjectOptions {
  readonly signal: AbortSignal;
  readonly source: Source;
  readonly pace: Pace;
  readonly connections: number;
  readonly log: Log;
  /** What the bytes must come to; undefined accepts any. */
  readonly expected: Expected | undefined;
  /** The size they must have, when it is known beforehand. */
  readonly size: number | undefined;
  /** Where an earlier process's bytes are, and ours go for a later one; absent where none are kept. */
  readonly unfinished?: Unfinished | undefined;
  /** Opens where the bytes of one try go. */
  readonly open: () => Promise<Sink>;
}

/** What came. */
export interface Fetched {
  readonly size: number;
  /** Of the whole object. */
  readonly algorithm: Algorithm;
  readonly hex: string;
  readonly files: ReadonlyMap<string, Written>;
}

/** Tries of a whole object that fits together from its parts badly, or was replaced meanwhile. */
const ROUNDS = 3;

/**
 * Reads an object once, through its digest into a sink. The files are those of the sink, and there are none unless the
 * digest is right. Throws RunError when it is not, whatever else went wrong meanwhile.
 */
export async function fetchObject(url: string, options: ObjectOptions): Promise<Fetched> {
  const { unfinished } = options;
  for (let round = 1; ; round += 1) {
    const sink = await options.open();
    try {
      const read = await readInto(url, options, sink);
      const files = await sink.end();
      await unfinished?.remove();
      return { ...read, files };
    } catch (error) {
      options.signal.throwIfAborted();
      const inTheWay = unfinished?.tookRoom() === true && isFull(error);
      // Only what a better network may finish is of use to anybody.
      if (!(error instanceof FetchError) || error instanceof ChangedError) await unfinished?.remove();
      const patched = error instanceof ChangedError || error instanceof PatchedError;
      if (round >= ROUNDS || !(patched || inTheWay)) throw told(url, error);
      options.log.warn(`${messageOf(error)}; fetching it again from the beginning`);
    } finally {
      await sink.destroy();
      await unfinished?.close();
    }
  }
}

async function readInto(url: string, options: ObjectOptions, sink: Sink): Promise<Omit<Fetched, 'files'>> {
  const { log, expected, unfinished } = options;
  const beginning = unfinished?.found;
  const algorithm = expected?.algorithm ?? 'sha512';
  const hash = createHash(algorithm);
  const meter = openMeter(basename(redactUrl(url)), log, monotonic);
  let size = 0;
  let resumed = beginning !== undefined;
  if (beginning) {
    const [there, all] = [beginning.size, beginning.total].map(megabytes);
    log.info(`${redactUrl(url)}: continuing, ${there} of ${all} MB are there`);
    meter.had(beginning.size);
  }
  const fresh = download(url, options.source, {
    ...options,
    beginning,
    onObject: async ({ total, validator }) => {
      if (total === undefined) return;
      checkSize(url, total, options.size);
      meter.total = total;
      if (validator !== undefined) await unfinished?.begin({ total, validator });
    },
    onResume: (at, why) => {
      resumed ||= at > 0;
      log.detail(1, `${messageOf(why)}; continuing at byte ${at}`);
    },
  });
  try {
    await inBatches(inTurn(unfinished?.bytes() ?? [], fresh), async (batch) => {
      const known = Math.min(batch.length, Math.max(0, (beginning?.size ?? 0) - size));
      size += batch.length;
      meter.add(batch.length - known);
      const writing = Promise.all([sink.write(batch), unfinished?.append(batch.subarray(known))]);
      // Beside the inflater, which has a thread of its own.
      hash.update(batch);
      await writing;
    });
  } finally {
    meter.end();
  }
  checkSize(url, size, options.size);
  const hex = hash.digest('hex');
  if (expected) checkDigest(url, expected, hex, resumed);
  return { size, algorithm, hex };
}

async function* inTurn(...parts: (AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part;
}

/** The digest of something that came in pieces is wrong: perhaps the pieces are of different objects. */
class PatchedError extends RunError {}

function checkDigest(url: string, expected: Expected, found: string, resumed: boolean): void {
  if (found === expected.hex) return;
  const message = `${redactUrl(url)}: its ${expected.algorithm} is ${found}, but ${expected.from} says ${expected.hex}`;
  throw resumed ? new PatchedError(message) : new RunError(message);
}

function checkSize(url: string, found: number, wanted: number | undefined): void {
  if (wanted !== undefined && found !== wanted)
    throw new RunError(`${redactUrl(url)}: is ${found} bytes, but its pin says ${wanted}`);
}

function isFull(error: unknown): boolean {
  const codes = Array.from(causes(error), (each) => (each instanceof Error && 'code' in each ? each.code : undefined));
  return codes.includes('ENOSPC') || codes.includes('EDQUOT');
}

/** What a person can do about it, where that is known. */
function told(url: string, error: unknown): unknown {
  if (!isFull(error)) return error;
  return new RunError(`${redactUrl(url)}: no space is left for it: prune the cache or move it with --cache-dir`, {
    cause: error,
  });
}
