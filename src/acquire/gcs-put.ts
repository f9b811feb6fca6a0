import { randomUUID } from 'node:crypto';
import type { FileMetadata } from '@google-cloud/storage';
import type { AcquireSettings, Env } from '../run.ts';
import { endpointOf, openSigner } from './gcs.ts';
import { openDispatcher } from './http-agent.ts';
import { DEFAULT_PACE } from './retry.ts';

/** What is said about an object beside its bytes. */
export interface ObjectHead {
  readonly type: string;
  readonly cacheControl?: string;
  /** The generation it replaces; `0` when there must be none yet. */
  readonly replaces: string;
}

/** Writes an object that is in memory. Throws an Error whose `code` is the HTTP status, or the connection's error. */
export type PutObject = (
  name: string,
  bytes: Uint8Array,
  head: ObjectHead,
  signal: AbortSignal,
) => Promise<FileMetadata>;

/**
 * Opens the short way into a bucket, for thousands of small objects: one request each, signed by the client library, at a
 * third of what its own streams cost.
 */
export async function openPut(
  bucket: string,
  settings: Pick<AcquireSettings, 'gcsEndpoint'>,
  env: Env,
): Promise<PutObject> {
  const endpoint = endpointOf(settings);
  const boundary = randomUUID();
  const sign = await openSigner(endpoint);
  const dispatcher = await openDispatcher({ env, pace: DEFAULT_PACE, connections: CONNECTIONS, insecure: () => true });
  return async (name, bytes, { type, cacheControl, replaces }, signal) => {
    const query = new URLSearchParams({ uploadType: 'multipart', name, ifGenerationMatch: replaces });
    const url = new URL(`${endpoint}/upload/storage/v1/b/${bucket}/o?${query}`);
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'POST',
      headers: { ...(await sign(url.href)), 'content-type': `multipart/related; boundary=${boundary}` },
      body: multipart(boundary, { contentType: type, ...(cacheControl === undefined ? {} : { cacheControl }) }, bytes),
      signal,
    });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return JSON.parse(text) as FileMetadata;
    throw Object.assign(new Error(messageIn(text)), { code: answer.statusCode });
  };
}

const CONNECTIONS = 16;

/** `boundary` is a word that the bytes do not hold. */
function multipart(boundary: string, metadata: object, bytes: Uint8Array): Uint8Array {
  const head = [
    `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n`,
    `--${boundary}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  ];
  return Buffer.concat([Buffer.from(head.join('')), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}

/** The sentence of an error, which is JSON most of the time. */
function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text.slice(0, 300);
  }
}
