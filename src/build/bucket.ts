import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bucket, FileMetadata } from '@google-cloud/storage';
import { openBucket } from '../acquire/gcs.ts';
import { openPut, type PutObject } from '../acquire/gcs-put.ts';
import { DEFAULT_PACE, FetchError, retried } from '../acquire/retry.ts';
import { messageOf, UsageError } from '../errors.ts';
import type { Run } from '../run.ts';
import { untilStopped } from '../wait.ts';

/** An object of a bucket as far as staging looks at it. */
export interface Stored {
  readonly size: number;
  /** Base64; empty for objects that were put together from parts. */
  readonly md5: string;
  /** Another one for each content an object ever had. */
  readonly generation: string;
}

/** What is put into a bucket. */
export interface Upload {
  readonly size: number;
  readonly type: string;
  readonly cacheControl?: string;
  /** The generation that is replaced; `0` when there must be no object yet. */
  readonly replaces: string;
  /** The bytes, or what gives them from the beginning each time it is called. */
  readonly bytes: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

/** The object is not the one that was to be replaced: somebody else wrote it meanwhile. */
export class ReplacedError extends Error {
  override readonly name = 'ReplacedError';
}

/** From this size on an upload that breaks goes on where it broke. Bytes. */
const RESUMABLE = 32 * 1024 * 1024;

/** What staging does with a bucket. Every call is tried again while there is hope, and throws FetchError when there is none. */
export class StageBucket {
  readonly #bucket: Bucket;
  readonly #putWhole: PutObject;

  private constructor(bucket: Bucket, putWhole: PutObject) {
    this.#bucket = bucket;
    this.#putWhole = putWhole;
  }

  static async open(name: string, { acquire, env }: Pick<Run, 'acquire' | 'env'>): Promise<StageBucket> {
    const bucket = await openBucket(name, acquire);
    // Trying again is done here, for uploads too, and stops with our signal.
    bucket.storage.retryOptions.autoRetry = false;
    return new StageBucket(bucket, await openPut(name, acquire, env));
  }

  get name(): string {
    return this.#bucket.name;
  }

  /** Throws UsageError when the bucket is not there or says that it cannot be written; emulators cannot be asked. */
  async checkWritable(signal: AbortSignal): Promise<void> {
    const needed = ['storage.objects.create', 'storage.objects.get', 'storage.objects.list'];
    try {
      const [granted] = await this.#try('ask for permissions on', signal, () =>
        this.#bucket.iam.testPermissions(needed),
      );
      const refused = needed.filter((permission) => !granted[permission]);
      if (refused.length > 0)
        throw new UsageError(`gs://${this.name} cannot be staged to: no ${refused.join(', no ')}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FetchError)) throw error;
      if (error.status === undefined || ![404, 405, 501].includes(error.status)) throw unusable(this.name, error);
      const [there] = await this.#try('look for', signal, () => this.#bucket.exists());
      if (!there) throw new UsageError(`there is no bucket gs://${this.name} to stage to`, { cause: error });
    }
  }

  /** The objects whose names begin with a prefix. */
  async list(prefix: string, signal: AbortSignal): Promise<Map<string, Stored>> {
    const [files] = await this.#try(`list ${prefix} in`, signal, () =>
      this.#bucket.getFiles({ prefix, fields: 'items(name,size,md5Hash,generation),nextPageToken' }),
    );
    // With `fields` the library gives the answer's own objects, which its types do not say.
    const objects = files as unknown as FileMetadata[];
    return new Map(objects.map((object) => [object.name ?? '', stored(object)]));
  }

  /** Writes an object. Throws ReplacedError when it is not what `replaces` says. */
  async put(name: string, upload: Upload, signal: AbortSignal): Promise<Stored> {
    const { bytes } = upload;
    return await this.#try(`write ${name} to`, signal, async () => {
      if (bytes instanceof Uint8Array) return stored(await this.#putWhole(name, bytes, upload, signal));
      return stored(await this.#putStream(name, upload, bytes(), signal));
    });
  }

  async #putStream(
    name: string,
    { size, type: contentType, cacheControl, replaces }: Upload,
    bytes: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FileMetadata> {
    const file = this.#bucket.file(name);
    const writing = file.createWriteStream({
      resumable: size >= RESUMABLE,
      // The caller compares the digest in the answer.
      validation: false,
      metadata: { contentType, ...(cacheControl === undefined ? {} : { cacheControl }) },
      preconditionOpts: { ifGenerationMatch: Number(replaces) },
    });
    await pipeline(Readable.from(bytes, { objectMode: false }), writing, { signal });
    return file.metadata;
  }

  /** A small object's text and generation; undefined when there is none. */
  async read(name: string, signal: AbortSignal): Promise<{ text: string; generation: string } | undefined> {
    try {
      return await this.#try(`read ${name} from`, signal, async () => {
        const file = this.#bucket.file(name);
        const [metadata] = await file.getMetadata();
        const [bytes] = await file.download({ validation: false });
        return { text: bytes.toString(), generation: String(metadata.generation) };
      });
    } catch (error) {
      if (error instanceof FetchError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #try<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    const once = async (): Promise<T> => {
      try {
        return await attempt();
      } catch (error) {
        signal.throwIfAborted();
        throw faultOf(`cannot ${what} gs://${this.name}`, error);
      }
    };
    // The library knows no signals.
    return await untilStopped(retried(once, DEFAULT_PACE, signal), signal);
  }
}

const stored = ({ size, md5Hash, generation }: FileMetadata): Stored => ({
  size: Number(size ?? 0),
  md5: md5Hash ?? '',
  generation: String(generation ?? ''),
});

/** The library's errors carry the HTTP status as `code`, those of the network a word. */
function faultOf(what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? Number(error.code) : Number.NaN;
  if (code === 412) return new ReplacedError(`${what}: somebody else wrote it`, { cause: error });
  const status = Number.isInteger(code) ? code : undefined;
  const again = status === undefined ? isNetwork(error) : status >= 500 || [408, 429].includes(status);
  return new FetchError(`${what}: ${messageOf(error)}`, { status, again }, { cause: error });
}

const isNetwork = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:E[A-Z]{3,}|UND_ERR_)|socket hang up|premature close/i.test(
    `${'code' in error ? error.code : ''} ${error.message}`.trim(),
  );

const unusable = (name: string, error: FetchError): Error =>
  error.again ? error : new UsageError(`gs://${name} cannot be staged to: ${messageOf(error)}`, { cause: error });
