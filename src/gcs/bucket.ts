import type { Bucket, File, FileMetadata } from '@google-cloud/storage';
import { messageOf, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { DEFAULT_RETRY_POLICY, FetchError, pauseOrThrow, type RetryPolicy, retry } from '../http/retry.ts';
import { tellRetries } from '../http/retry-log.ts';
import { abortable, withDeadline } from '../system/wait.ts';
import { endpointOf, openBucket } from './client.ts';
import { gcsFault } from './fault.ts';
import { type ObjectHead, putObject } from './put.ts';
import { type GcsRequest, openRequests } from './request.ts';
import { type BytesFrom, UploadSession } from './resumable-upload.ts';

/** The metadata of an object that staging uses. */
export interface StoredObject {
  readonly size: number;
  /** Base64; empty for composite objects. */
  readonly md5: string;
  /** Changes with every write of the object. */
  readonly generation: string;
}

/** An object to write. */
export interface Upload extends ObjectHead {
  readonly size: number;
  readonly bytes: Uint8Array | BytesFrom;
}

/** Uploads of at least this size are resumable. Bytes. */
const RESUMABLE = 32 * 1024 * 1024;

/** The settings of a bucket, and, of a run, where retries are logged and recorded. */
type StageWorld = Pick<Run, 'acquire' | 'env'> & Partial<Pick<Run, 'log' | 'records'>>;

/** A bucket that builds are staged to. Every call is retried, and throws FetchError when it finally fails. */
export class StageBucket {
  readonly #bucket: Bucket;
  /** Opens the connections for uploads, with the first one: when everything is staged already there is none. */
  readonly #open: () => Promise<GcsRequest>;
  #request: Promise<GcsRequest> | undefined;
  /** The URL that objects are uploaded to. */
  readonly #uploads: string;
  readonly #policy: RetryPolicy;

  private constructor(bucket: Bucket, open: () => Promise<GcsRequest>, uploads: string, policy: RetryPolicy) {
    this.#policy = policy;
    this.#bucket = bucket;
    this.#open = open;
    this.#uploads = uploads;
  }

  static async open(name: string, run: StageWorld): Promise<StageBucket> {
    const { acquire, env, log, records } = run;
    const onRetry = log && records && tellRetries({ log, records });
    const policy = { ...DEFAULT_RETRY_POLICY, onRetry };
    const bucket = await openBucket(name, acquire);
    // Retries are done here, for uploads too, and stop with our signal.
    bucket.storage.retryOptions.autoRetry = false;
    const uploads = `${endpointOf(acquire)}/upload/storage/v1/b/${name}/o`;
    return new StageBucket(bucket, () => openRequests(acquire, env), uploads, policy);
  }

  get name(): string {
    return this.#bucket.name;
  }

  /** Throws UsageError when the bucket does not exist or is not writable. Emulators do not support the latter check. */
  async checkWritable(signal: AbortSignal): Promise<void> {
    const needed = ['storage.objects.create', 'storage.objects.get', 'storage.objects.list'];
    try {
      const [granted] = await this.#ask('check the permissions for', signal, () =>
        this.#bucket.iam.testPermissions(needed),
      );
      const missing = needed.filter((permission) => !granted[permission]);
      if (missing.length > 0)
        throw new UsageError(`cannot stage to gs://${this.name}: missing permissions ${missing.join(', ')}`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FetchError)) throw error;
      if (error.status === undefined || ![404, 405, 501].includes(error.status)) throw unusable(this.name, error);
      const [exists] = await this.#ask('look up', signal, () => this.#bucket.exists());
      if (!exists)
        throw new UsageError(`cannot stage to gs://${this.name}: the bucket does not exist`, { cause: error });
    }
  }

  /** The objects whose names begin with a prefix. */
  async list(prefix: string, signal: AbortSignal): Promise<Map<string, StoredObject>> {
    const [files] = await this.#ask(`list ${prefix} in`, signal, () =>
      this.#bucket.getFiles({ prefix, fields: 'items(name,size,md5Hash,generation),nextPageToken' }),
    );
    // With `fields` the library returns the objects of the response, unlike its types.
    const objects = files as unknown as FileMetadata[];
    return new Map(objects.map((object) => [object.name ?? '', stored(object)]));
  }

  /**
   * Writes an object. Throws ReplacedError when its generation is not `replaces`, RunError when the number of bytes is not
   * `size`.
   */
  async put(name: string, upload: Upload, signal: AbortSignal): Promise<StoredObject> {
    const { bytes, size } = upload;
    if (!(bytes instanceof Uint8Array) && size >= RESUMABLE) return await this.#putLarge(name, upload, bytes, signal);
    return await this.#try(`write ${name} to`, signal, async () => {
      const body = bytes instanceof Uint8Array ? bytes : { length: size, bytes: bytes(0) };
      return stored(await putObject(await this.#requests(), this.#uploads, name, upload, body, signal));
    });
  }

  async #putLarge(name: string, upload: Upload, bytes: BytesFrom, signal: AbortSignal): Promise<StoredObject> {
    const what = `write ${name} to`;
    const requests = await this.#requests();
    const begin = () => UploadSession.begin(requests, this.#uploads, name, upload, signal);
    let session = await this.#try(what, signal, begin);
    for (let failures = 1; ; failures += 1) {
      const { arrived } = session;
      try {
        return stored(await this.#once(what, signal, () => session.send(bytes, signal)));
      } catch (error) {
        // The session has expired.
        const expired = error instanceof FetchError && (error.status === 404 || error.status === 410);
        if (session.arrived > arrived) failures = 1;
        await pauseOrThrow(
          expired ? new FetchError(error.message, { retryable: true }) : error,
          failures,
          this.#policy,
          signal,
        );
        if (expired) session = await this.#try(what, signal, begin);
      }
    }
  }

  /** A small object's text and generation; undefined when there is none. */
  async read(name: string, signal: AbortSignal): Promise<{ text: string; generation: string } | undefined> {
    return await this.#ifExists(name, signal, async (file) => {
      // In this order: replacing a text that is newer than its generation fails, replacing an older one would not.
      const [metadata] = await file.getMetadata();
      const [bytes] = await file.download({ validation: false });
      return { text: bytes.toString(), generation: String(metadata.generation) };
    });
  }

  /** The text of a small object; undefined when there is none. */
  async text(name: string, signal: AbortSignal): Promise<string | undefined> {
    return await this.#ifExists(name, signal, async (file) => (await file.download({ validation: false })).toString());
  }

  async #ifExists<T>(name: string, signal: AbortSignal, get: (file: File) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#ask(`read ${name} from`, signal, () => get(this.#bucket.file(name)));
    } catch (error) {
      if (error instanceof FetchError && error.status === 404) return undefined;
      throw error;
    }
  }

  #requests(): Promise<GcsRequest> {
    this.#request ??= this.#open();
    return this.#request;
  }

  /** A small question, which the library asks: it knows no timeout, so each attempt has one here. */
  async #ask<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return await this.#try(what, signal, async () => {
      const late = () => new FetchError(`no answer within ${LONGEST_ANSWER / 1000}s`, { retryable: true });
      using deadline = withDeadline(signal, LONGEST_ANSWER, late);
      return await abortable(attempt(), deadline.signal);
    });
  }

  async #try<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    return await retry(() => this.#once(what, signal, attempt), this.#policy, signal);
  }

  async #once<T>(what: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    try {
      // The library takes no signal.
      return await abortable(attempt(), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw gcsFault(`cannot ${what} gs://${this.name}`, error);
    }
  }
}

/** How long one answer to a small question may take: milliseconds. */
const LONGEST_ANSWER = 15_000;

const stored = ({ size, md5Hash, generation }: FileMetadata): StoredObject => ({
  size: Number(size ?? 0),
  md5: md5Hash ?? '',
  generation: String(generation ?? ''),
});

const unusable = (name: string, error: FetchError): Error =>
  error.retryable ? error : new UsageError(`cannot stage to gs://${name}: ${messageOf(error)}`, { cause: error });
