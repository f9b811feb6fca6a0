import type { FileMetadata } from '@google-cloud/storage';
import type { ObjectHead } from './put.ts';
import type { GcsAnswer, GcsBody, GcsRequest } from './request.ts';

/** Returns an object's bytes from a position on, each time it is called. A chunk must stay valid until the next but one. */
export type BytesFrom = (position: number) => AsyncIterable<Uint8Array>;

/**
 * A resumable upload. After a broken connection the next `send` asks Cloud Storage how much it has received, and resumes
 * from there.
 */
export class UploadSession {
  readonly #request: GcsRequest;
  readonly #url: string;
  readonly #size: number;
  /** Bytes that Cloud Storage has confirmed. */
  #arrived = 0;
  #begun = false;

  private constructor(request: GcsRequest, url: string, size: number) {
    this.#request = request;
    this.#url = url;
    this.#size = size;
  }

  /**
   * Starts an upload. Throws the errors of the request; 412 when the object is not the one it replaces.
   * @param uploads the upload URL of the bucket
   */
  static async begin(
    request: GcsRequest,
    uploads: string,
    name: string,
    { type, cacheControl, replaces, size }: ObjectHead & { readonly size: number },
    signal: AbortSignal,
  ): Promise<UploadSession> {
    const query = new URLSearchParams({ uploadType: 'resumable', name, ifGenerationMatch: replaces });
    const metadata = { contentType: type, ...(cacheControl === undefined ? {} : { cacheControl }) };
    const { headers } = await request(`${uploads}?${query}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        'x-upload-content-type': type,
        'x-upload-content-length': String(size),
      },
      body: Buffer.from(JSON.stringify(metadata)),
      signal,
    });
    const url = headers['location'];
    if (typeof url !== 'string') throw new Error('the response of Cloud Storage has no upload URL');
    return new UploadSession(request, url, size);
  }

  /** Bytes that Cloud Storage has confirmed. */
  get arrived(): number {
    return this.#arrived;
  }

  /**
   * Sends the remaining bytes. Throws the errors of the request: 404 and 410 when the session has expired; 412 may come at
   * the end, too.
   */
  async send(bytes: BytesFrom, signal: AbortSignal): Promise<FileMetadata> {
    // The bytes of an earlier call may have arrived in part, or all of them without a response.
    let answer = this.#begun ? await this.#put('*', Buffer.of(), signal) : undefined;
    this.#begun = true;
    if (answer !== undefined) this.#arrived = arrivedBy(answer);
    while (answer === undefined || answer.status === 308) {
      const from = this.#arrived;
      const body = { length: this.#size - from, bytes: bytes(from) };
      answer = await this.#put(`${from}-${this.#size - 1}`, body, signal);
      this.#arrived = arrivedBy(answer);
      if (answer.status === 308 && this.#arrived <= from) throw new NoProgressError();
    }
    return JSON.parse(answer.text) as FileMetadata;
  }

  #put(range: string, body: GcsBody, signal: AbortSignal): Promise<GcsAnswer> {
    const headers = { 'content-range': `bytes ${range}/${this.#size}` };
    return this.#request(this.#url, { method: 'PUT', headers, body, signal });
  }
}

/** Cloud Storage responded without accepting a single byte. */
class NoProgressError extends Error {
  readonly code = 503;

  constructor() {
    super('Cloud Storage accepted none of the bytes sent');
  }
}

/** The number of bytes confirmed by `Range: bytes=0-N`; 0 without that header. */
function arrivedBy({ headers: { range } }: GcsAnswer): number {
  const [, last] = /^bytes=0-(\d+)$/.exec(String(range)) ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}
