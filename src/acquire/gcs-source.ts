import type { Readable } from 'node:stream';
import type { File } from '@google-cloud/storage';
import { messageOf } from '../errors.ts';
import type { AcquireSettings } from '../run.ts';
import { gsParts, openBucket } from './gcs.ts';
import { FetchError } from './retry.ts';
import type { Ask, Body, Source } from './source.ts';

/** Objects of Google Cloud Storage, by `gs://`. One generation of an object is read from beginning to end. */
export function gcsSource(settings: Pick<AcquireSettings, 'gcsEndpoint'>): Source {
  return {
    open: async (url, ask) => {
      const parts = gsParts(url);
      if (parts === undefined) throw new FetchError(`${url}: not gs://BUCKET/OBJECT`, { again: false });
      try {
        const bucket = await openBucket(parts.bucket, settings);
        return await openObject(url, bucket.file(parts.object), ask);
      } catch (error) {
        ask.signal.throwIfAborted();
        throw fault(url, error);
      }
    },
    close: async () => undefined,
  };
}

async function openObject(url: string, latest: File, { from, to, validator, signal }: Ask): Promise<Body> {
  const [metadata] = await stopped(latest.getMetadata(), signal);
  const generation = String(metadata.generation ?? '');
  const same = validator === undefined || validator === generation;
  const start = same ? from : 0;
  const file = generation === '' ? latest : latest.bucket.file(latest.name, { generation });
  const stream: Readable = file.createReadStream({
    start,
    ...(to === undefined || !same ? {} : { end: to - 1 }),
    // Our own digest judges the bytes, as they are stored.
    validation: false,
    decompress: false,
  });
  stream.on('error', () => undefined);
  return {
    url,
    from: start,
    ranged: same && (from > 0 || to !== undefined),
    total: metadata.size === undefined ? undefined : Number(metadata.size),
    validator: generation === '' ? undefined : generation,
    type: '',
    bytes: chunks(url, stream, signal),
    discard: () => void stream.destroy(),
  };
}

async function* chunks(url: string, stream: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const stop = (): void => void stream.destroy(new Error('stopped'));
  signal.addEventListener('abort', stop);
  try {
    yield* stream;
  } catch (error) {
    signal.throwIfAborted();
    throw fault(url, error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The library knows no signals: its request goes on unseen, ours ends. */
async function stopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function fault(url: string, error: unknown): FetchError {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  const status = code >= 100 ? code : undefined;
  const again = status === undefined || status >= 500 || status === 408 || status === 429;
  return new FetchError(`${url}: ${messageOf(error)}`, { status, again }, { cause: error });
}
