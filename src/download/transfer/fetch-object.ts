import { createHash } from 'node:crypto';
import { basename } from 'node:path/posix';
import { causes, messageOf, RunError } from '../../api/errors.ts';
import type { Log } from '../../api/log.ts';
import { FetchError, type RetryPolicy } from '../../http/retry.ts';
import { monotonic } from '../../system/clock.ts';

import type { Algorithm, Expected } from '../cache/digest.ts';
import { inBatches } from './batches.ts';
import type { PartialFile } from './partial-file.ts';
import { megabytes, openMeter } from './progress.ts';
import { ChangedError, downloadRanges } from './ranges.ts';
import type { Sink, WrittenFile } from './sink.ts';
import type { ObjectUrl, Source } from './source.ts';

export interface ObjectOptions {
  readonly signal: AbortSignal;
  readonly source: Source;
  readonly policy: RetryPolicy;
  readonly connections: number;
  readonly log: Log;
  /** The digest that the object must have; undefined accepts any. */
  readonly expected: Expected | undefined;
  /** The size it must have, when that is known. */
  readonly size: number | undefined;
  /** The part that an earlier process received, extended for a later one; absent where partial downloads are not kept. */
  readonly partial?: PartialFile | undefined;
  /** Opens the sink of one attempt. */
  readonly open: () => Promise<Sink>;
}

/** A fetched and verified object. */
export interface FetchedObject {
  readonly size: number;
  /** Of the whole object. */
  readonly algorithm: Algorithm;
  readonly hex: string;
  readonly files: ReadonlyMap<string, WrittenFile>;
}

/** Attempts for an object whose parts do not match, or that was replaced during the download. */
const ATTEMPTS = 3;

/**
 * Reads an object, computes its digest and writes it to a sink. Returns the files of the sink, once the digest has been
 * verified. Throws RunError on a mismatch, even if the sink has failed as well.
 */
export async function fetchObject(object: ObjectUrl, options: ObjectOptions): Promise<FetchedObject> {
  const { partial } = options;
  for (let attempt = 1; ; attempt += 1) {
    const sink = await options.open();
    try {
      const read = await readInto(object, options, sink);
      const files = await sink.end();
      await partial?.remove();
      return { ...read, files };
    } catch (error) {
      options.signal.throwIfAborted();
      const partialFilledDisk = partial?.tookRoom() === true && isFull(error);
      // A later process can resume only after a failure of the network.
      if (!(error instanceof FetchError) || error instanceof ChangedError) await partial?.remove();
      const mixed = error instanceof ChangedError || error instanceof MixedPartsError;
      if (attempt >= ATTEMPTS || !(mixed || partialFilledDisk)) throw withAdvice(object, error);
      options.log.warn(`${messageOf(error)}; fetching it again from the beginning`);
    } finally {
      await sink.destroy();
      await partial?.close();
    }
  }
}

async function readInto(object: ObjectUrl, options: ObjectOptions, sink: Sink): Promise<Omit<FetchedObject, 'files'>> {
  const { log, expected, partial } = options;
  const { shown } = object;
  const beginning = partial?.found;
  const algorithm = expected?.algorithm ?? 'sha512';
  const hash = createHash(algorithm);
  const meter = openMeter(basename(shown), log, monotonic);
  let size = 0;
  let resumed = beginning !== undefined;
  if (beginning) {
    const [received, total] = [beginning.size, beginning.total].map(megabytes);
    log.info(`Resuming the download of ${shown} (${received} of ${total} MB received)`);
    meter.resume(beginning.size);
  }
  const fresh = downloadRanges(object, options.source, {
    ...options,
    beginning,
    onObject: async ({ total, validator }) => {
      if (total === undefined) return;
      checkSize(shown, total, options.size);
      meter.total = total;
      if (validator !== undefined) await partial?.begin({ total, validator });
    },
    onResume: (at, why) => {
      resumed ||= at > 0;
      log.detail(1, `${messageOf(why)}; resuming at byte ${at}`);
    },
  });
  try {
    await inBatches(concat(partial?.bytes() ?? [], fresh), async (batch) => {
      const known = Math.min(batch.length, Math.max(0, (beginning?.size ?? 0) - size));
      size += batch.length;
      meter.add(batch.length - known);
      const writing = Promise.all([sink.write(batch), partial?.append(batch.subarray(known))]);
      // In parallel with decompression, which has a thread of its own.
      hash.update(batch);
      await writing;
    });
  } finally {
    meter.end();
  }
  checkSize(shown, size, options.size);
  const hex = hash.digest('hex');
  if (expected) checkDigest(shown, expected, hex, resumed);
  return { size, algorithm, hex };
}

async function* concat(...parts: (AsyncIterable<Uint8Array> | Iterable<Uint8Array>)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield* part;
}

/** A resumed download has the wrong digest: its parts may be of different objects. */
class MixedPartsError extends RunError {}

function checkDigest(shown: string, { algorithm, hex, from }: Expected, found: string, resumed: boolean): void {
  if (found === hex) return;
  const message = `checksum mismatch for ${shown}: ${algorithm} is ${found}, expected ${hex} from ${from}`;
  throw resumed ? new MixedPartsError(message) : new RunError(message);
}

function checkSize(shown: string, found: number, wanted: number | undefined): void {
  if (wanted !== undefined && found !== wanted)
    throw new RunError(`size mismatch for ${shown}: ${found} bytes, expected ${wanted} from its pin`);
}

function isFull(error: unknown): boolean {
  const codes = Array.from(causes(error), (each) => (each instanceof Error && 'code' in each ? each.code : undefined));
  return codes.includes('ENOSPC') || codes.includes('EDQUOT');
}

/** Adds the way out to an error, where one is known. */
function withAdvice({ shown }: ObjectUrl, error: unknown): unknown {
  if (!isFull(error)) return error;
  return new RunError(`no space left for ${shown}: prune the cache or choose another directory with --cache-dir`, {
    cause: error,
  });
}
