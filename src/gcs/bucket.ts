import type { Bucket, File, FileMetadata } from '@google-cloud/storage';
import { messageOf, RunError, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { DEFAULT_PACE, FetchError, pauseOrThrow, retried } from '../http/retry.ts';
import { abortable } from '../system/wait.ts';
import { endpointOf, openBucket } from './client.ts';
import { type ObjectHead, putObject } from './put.ts';
import { type GcsRequest, openRequests } from './request.ts';
import { type BytesFrom, UploadSession } from './resumable-upload.ts';

/** An object of a bucket as far as staging looks at it. */
export interface Stored {
  readonly size: number;
  /** Base64; empty for objects that were put together from parts. */
  readonly md5: string;
  /** Another one for each content an object ever had. */
  readonly generation: string;
}

/** What is put into a bucket. */
export interface Upload extends ObjectHead {
  readonly size: number;
  readonly bytes: Uint8Array | BytesFrom;
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
  /** Opens the way for uploads, when the first is wanted: a staging that finds everything there wants none. */
  readonly #open: () => Promise<GcsRequest>;
  #request: Promise<GcsRequest> | undefined;
  /** The address that objects are sent to. */
  readonly #uploads: string;

  private constructor(bucket: Bucket, open: () => Promise<GcsRequest>, uploads: string) {
    this.#bucket = bucket;
    this.#open = open;
    this.#uploads = uploads;
  }

  static async open(name: string, { acquire, env }: Pick<Run, 'acquire' | 'env'>): Promise<StageBucket> {
    const bucket = await openBucket(name, acquire);
    // Trying again is done here, for uploads too, and stops with our signal.
    bucket.storage.retryOptions.autoRetry = false;
    const uploads = `${endpointOf(acquire)}/upload/storage/v1/b/${name}/o`;
    return new StageBucket(bucket, () => openRequests(acquire, env), uploads);
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

  /**
   * Writes an object. Throws ReplacedError when it is not what `replaces` says, RunError when there are more or fewer
   * bytes than `size` says.
   */
  async put(name: string, upload: Upload, signal: AbortSignal): Promise<Stored> {
    const { bytes, size } = upload;
    if (!(bytes instanceof Uint8Array) && size >= RESUMABLE) return await this.#putLarge(name, upload, bytes, signal);
    return await this.#try(`write ${name} to`, signal, async () => {
      const body = bytes instanceof Uint8Array ? bytes : { length: size, bytes: bytes(0) };
      return stored(await putObject(await this.#requests(), this.#uploads, name, upload, body, signal));
    });
  }

  async #putLarge(name: string, upload: Upload, bytes: BytesFrom, signal: AbortSignal): Promise<Stored> {
    const what = `write ${name} to`;
    const requests = await this.#requests();
    const begin = () => UploadSession.begin(requests, this.#uploads, name, upload, signal);
    let session = await this.#try(what, signal, begin);
    for (let failures = 1; ; failures += 1) {
      const { arrived } = session;
      try {
        return stored(await this.#once(what, signal, () => session.send(bytes, signal)));
      } catch (error) {
        // Cloud Storage has forgotten the session.
        const gone = error instanceof FetchError && (error.status === 404 || error.status === 410);
        if (session.arrived > arrived) failures = 1;
        await pauseOrThrow(
          gone ? new FetchError(error.message, { again: true }) : error,
          failures,
          DEFAULT_PACE,
          signal,
        );
        if (gone) session = await this.#try(what, signal, begin);
      }
    }
  }

  /** A small object's text and generation; undefined when there is none. */
  async read(name: string, signal: AbortSignal): Promise<{ text: string; generation: string } | undefined> {
    return await this.#ifThere(name, signal, async (file) => {
      // In this order: a text that is newer than its generation cannot be written over, one that is older could.
      const [metadata] = await file.getMetadata();
      const [bytes] = await file.download({ validation: false });
      return { text: bytes.toString(), generation: String(metadata.generation) };
    });
  }

  /** A small object's text alone. */
  async text(name: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#ifThere(name, signal, async (file) => (await file.download({ validation: false })).toString());
  }

  async #ifThere<T>(name: string, signal: AbortSignal, get: (file: File) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#try(`read ${name} from`, signal, () => get(this.#bucket.file(name)));
    } catch (error) {
      if (error instanceof FetchError && error.status === 404) return undefined;
      throw error;
    }
  }

  #requests(): Promise<GcsRequest> {
    this.#request ??= this.#open();
    return this.#request;
  }

  async #try<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return await retried(() => this.#once(what, signal, attempt), DEFAULT_PACE, signal);
  }

  async #once<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    try {
      // The library knows no signals.
      return await abortable(attempt(), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw faultOf(`cannot ${what} gs://${this.name}`, error);
    }
  }
}

const stored = ({ size, md5Hash, generation }: FileMetadata): Stored => ({
  size: Number(size ?? 0),
  md5: md5Hash ?? '',
  generation: String(generation ?? ''),
});

/** The errors carry the HTTP status as `code`, those of the network and of files a word. */
function faultOf(what: string, error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === LENGTH_MISMATCH) return new RunError(`${what}: the file changed meanwhile`, { cause: error });
  const status = Number.isInteger(Number(code)) ? Number(code) : undefined;
  if (status === 412) return new ReplacedError(`${what}: somebody else wrote it`, { cause: error });
  const again = status === undefined ? isNetwork(error) : status >= 500 || [408, 429].includes(status);
  return new FetchError(`${what}: ${messageOf(error)}`, { status, again }, { cause: error });
}

/** The word for a body with more or fewer bytes than were announced. */
const LENGTH_MISMATCH = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';

const isNetwork = (error: unknown): boolean =>
  error instanceof Error &&
  /^(?:ECONN|ENET|EHOST|EADDR|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|UND_ERR_)|socket hang up|premature close/i.test(
    `${'code' in error ? error.code : ''} ${error.message}`.trim(),
  );

const unusable = (name: string, error: FetchError): Error =>
  error.again ? error : new UsageError(`gs://${name} cannot be staged to: ${messageOf(error)}`, { cause: error });
