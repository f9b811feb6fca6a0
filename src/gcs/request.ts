import type { Readable } from 'node:stream';
import type { Env } from '../api/env.ts';
import type { AcquireSettings } from '../api/run.ts';
import { openConnections } from '../http/agent.ts';
import { DEFAULT_RETRY_POLICY } from '../http/retry.ts';
import { endpointOf, openSigner } from './client.ts';

/** The body of a request: bytes, or a stream of bytes and its length. */
export type GcsBody = Uint8Array | { readonly bytes: AsyncIterable<Uint8Array>; readonly length: number };

/** One request to Cloud Storage. */
export interface GcsAsk {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: none. */
  readonly body?: GcsBody;
  readonly signal: AbortSignal;
}

export interface GcsAnswer {
  /** Below 400. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/**
 * Sends a request to Cloud Storage. Throws an Error whose `code` is the HTTP status from 400 on, or the error of the
 * connection.
 */
export type GcsRequest = (url: string, ask: GcsAsk) => Promise<GcsAnswer>;

/**
 * Opens the connections for uploads and listings: plain requests, authorized by the client library, which take a third of the CPU time
 * of the library's own streams. They use the proxies of the environment.
 */
export async function openRequests(settings: Pick<AcquireSettings, 'gcsEndpoint'>, env: Env): Promise<GcsRequest> {
  const endpoint = endpointOf(settings);
  const { origin } = new URL(endpoint);
  const sign = await openSigner(endpoint);
  const policy = { ...DEFAULT_RETRY_POLICY, headers: ANSWER };
  const dispatcher = await openConnections({ env, policy, connections: CONNECTIONS });
  return async (url, { method, headers, body, signal }) => {
    const at = new URL(url);
    const signed = at.origin === origin ? await sign(at.href) : {};
    const answer = await dispatcher.request({
      origin: at.origin,
      path: at.pathname + at.search,
      method,
      headers: { ...signed, ...headers, ...(body && { 'content-length': String(body.length) }) },
      // Unlike its types, undici accepts an async iterable: the next chunk is requested when the socket took the last one.
      body: body === undefined ? null : body instanceof Uint8Array ? body : (body.bytes as Readable),
      signal,
    });
    const text = await answer.body.text();
    if (answer.statusCode < 400) return { status: answer.statusCode, headers: answer.headers, text };
    throw Object.assign(new Error(messageIn(text)), { code: answer.statusCode });
  };
}

/** Milliseconds from the last byte of a request to the response, which takes a while for a large object. */
const ANSWER = 120_000;
const CONNECTIONS = 16;

/** The message of an error response, which is usually JSON. */
function messageIn(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message.slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}
