import { randomUUID } from 'node:crypto';
import type { FileMetadata } from '@google-cloud/storage';
import type { GcsAsk, GcsBody, GcsRequest } from './request.ts';

/** The metadata of an object to write. */
export interface ObjectHead {
  readonly type: string;
  readonly cacheControl?: string;
  /** The generation it replaces; `0` when it must not exist yet. */
  readonly replaces: string;
}

/**
 * Writes an object in one request. Throws the errors of the request; 412 when the object is not the one it replaces.
 * @param uploads the upload URL of the bucket
 */
export async function putObject(
  request: GcsRequest,
  uploads: string,
  name: string,
  head: ObjectHead,
  body: GcsBody,
  signal: AbortSignal,
): Promise<FileMetadata> {
  const { type, cacheControl, replaces } = head;
  // A simple upload can set the content type, but no other metadata.
  const plain = cacheControl === undefined;
  const query = new URLSearchParams({ uploadType: plain ? 'media' : 'multipart', name, ifGenerationMatch: replaces });
  const content = plain ? { headers: { 'content-type': type }, body } : multipart({ type, cacheControl }, body);
  const { text } = await request(`${uploads}?${query}`, { method: 'POST', signal, ...content });
  return JSON.parse(text) as FileMetadata;
}

function multipart(
  { type, cacheControl }: { type: string; cacheControl: string },
  body: GcsBody,
): Pick<GcsAsk, 'headers' | 'body'> {
  // Unique, so it does not appear in the bytes.
  const boundary = randomUUID();
  const metadata = JSON.stringify({ contentType: type, cacheControl });
  const before = Buffer.from(
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n` +
      `--${boundary}\r\nContent-Type: ${type}\r\n\r\n`,
  );
  const after = Buffer.from(`\r\n--${boundary}--\r\n`);
  return {
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: { length: before.length + body.length + after.length, bytes: concat(before, body, after) },
  };
}

async function* concat(before: Uint8Array, body: GcsBody, after: Uint8Array): AsyncGenerator<Uint8Array> {
  yield before;
  if (body instanceof Uint8Array) yield body;
  else yield* body.bytes;
  yield after;
}
