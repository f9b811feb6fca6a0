import type { FileMetadata } from '@google-cloud/storage';
import type { ObjectHead } from './put.ts';
import type { GcsAnswer, GcsBody, GcsRequest } from './request.ts';

/** Gives an object's bytes from a position on, each time it is called. A piece need only be good until the next but one. */
export type BytesFrom = (position: number) => AsyncIterable<Uint8Array>;

/**
 * A resumable upload. A connection that breaks costs what was on the way: the next `send` asks Cloud Storage how much it
 * has and goes on from there.
 */
export class UploadSession {
  readonly #request: GcsRequest;
  readonly #url: string;
  readonly #size: number;
  /** Bytes that Cloud Storage is known to have. */
  #arrived = 0;
  #begun = false;

  private constructor(request: GcsRequest, url: string, size: number) {
    this.#request = request;
    this.#url = url;
    this.#size = size;
  }

  /**
   * Announces an object. Throws what the request throws; 412 when the object is not the one it replaces.
   * @param uploads the address of the bucket's uploads
   */
  static async begin(
    request: GcsRequest,
    uploads: string,
    name: string,
    { type, cacheControl, replaces, size }: ObjectHead & { readonly size: number },
    signal: AbortSignal,
  ): Promise<UploadSession> {
    const query = new URLSearchParams({ uploadType: 'resumable', name, ifGenerationMatch: replaces });
    const said = { contentType: type, ...(cacheControl === undefined ? {} : { cacheControl }) };
    const { headers } = await request(`${uploads}?${query}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        'x-upload-content-type': type,
        'x-upload-content-length': String(size),
      },
      body: Buffer.from(JSON.stringify(said)),
      signal,
    });
    const url = headers['location'];
    if (typeof url !== 'string') throw new Error('Cloud Storage does not say where to send the object');
    return new UploadSession(request, url, size);
  }

  /** Bytes that Cloud Storage is known to have. */
  get arrived(): number {
    return this.#arrived;
  }

  /**
   * Sends what has not arrived. Throws what the request throws: after 404 and 410 the session is of no more use, 412 is
   * said at the end too.
   */
  async send(bytes: BytesFrom, signal: AbortSignal): Promise<FileMetadata> {
    // What an earlier call sent may have arrived in part, or whole without our hearing of it.
    let answer = this.#begun ? await this.#put('*', Buffer.of(), signal) : undefined;
    this.#begun = true;
    if (answer !== undefined) this.#arrived = arrivedBy(answer);
    while (answer === undefined || answer.status === 308) {
      const from = this.#arrived;
      const body = { length: this.#size - from, bytes: bytes(from) };
      answer = await this.#put(`${from}-${this.#size - 1}`, body, signal);
      this.#arrived = arrivedBy(answer);
      if (answer.status === 308 && this.#arrived <= from) throw new NothingTaken();
    }
    return JSON.parse(answer.text) as FileMetadata;
  }

  #put(range: string, body: GcsBody, signal: AbortSignal): Promise<GcsAnswer> {
    const headers = { 'content-range': `bytes ${range}/${this.#size}` };
    return this.#request(this.#url, { method: 'PUT', headers, body, signal });
  }
}

/** Cloud Storage answered, and had not taken a single byte. */
class NothingTaken extends Error {
  readonly code = 503;

  constructor() {
    super('Cloud Storage took nothing of what was sent');
  }
}

/** `Range: bytes=0-N` tells the last byte that has arrived; without it there is none. */
function arrivedBy({ headers: { range } }: GcsAnswer): number {
  const [, last] = /^bytes=0-(\d+)$/.exec(String(range)) ?? [];
  return last === undefined ? 0 : Number(last) + 1;
}
