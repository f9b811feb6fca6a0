import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse, time: number) => void;

export interface TestServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly server: Server;
  /** The requests, as `/path` or `/path bytes=0-9`. */
  readonly asked: string[];
  /** Handlers by path; other paths are 404. */
  readonly routes: Map<string, Answer>;
}

/** A server on this host that lives as long as the test. */
export async function serve(routes: Readonly<Record<string, Answer>> = {}): Promise<TestServer> {
  const asked: string[] = [];
  const times = new Map<string, number>();
  const known = new Map(Object.entries(routes));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(request.headers.range === undefined ? path : `${path} ${request.headers.range}`);
    const time = (times.get(path) ?? 0) + 1;
    times.set(path, time);
    const answer = known.get(path) ?? status(404, 'not found');
    answer(request, response, time);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked, routes: known };
}

/** A response with that status. */
export const status =
  (code: number, body = '', headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end(body);
  };

/** A small text. */
export const text = (body: string, headers: Record<string, string> = {}): Answer => status(200, body, headers);

export interface ObjectOptions {
  readonly tag?: string | undefined;
  readonly ranges?: boolean;
  /** The number of bytes after which the body of the nth response breaks off; undefined for none. */
  readonly cut?: (time: number, range: string | undefined) => number | undefined;
  /** A truncated body looks complete. */
  readonly quiet?: boolean;
  /** The connection is closed, so that sent bytes arrive; otherwise it is reset. */
  readonly closes?: boolean;
}

/** Bytes as object stores serve them: a tag, a length, parts, If-Range. */
export const object =
  (
    bytes: Buffer,
    { tag = '"v1"', ranges = true, cut = () => undefined, quiet = false, closes = quiet }: ObjectOptions = {},
  ): Answer =>
  (request, response, time) => {
    const { range, 'if-range': condition = tag } = request.headers;
    const part = ranges && condition === tag ? partOf(range, bytes.length) : undefined;
    const body = part ? bytes.subarray(part.start, part.end) : bytes;
    const limit = cut(time, range);
    // Then the end of the body is the end of the connection.
    if (quiet) response.useChunkedEncodingByDefault = false;
    response.writeHead(part ? 206 : 200, {
      ...(tag === '' ? {} : { etag: tag }),
      ...(quiet ? { connection: 'close' } : { 'content-length': body.length }),
      ...(part ? { 'content-range': `bytes ${part.start}-${part.end - 1}/${bytes.length}` } : {}),
    });
    if (limit === undefined) response.end(body);
    else response.write(body.subarray(0, limit), () => response.socket?.[closes ? 'end' : 'resetAndDestroy']());
  };

function partOf(range: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return undefined;
  return { start: Number(from), end: Math.min(size, to ? Number(to) + 1 : size) };
}

export function hex(algorithm: 'sha256' | 'sha512', bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('hex');
}

/** Routes of a file with its checksum beside it, as Kubernetes publishes them. */
export function published(path: string, bytes: Buffer, options?: ObjectOptions): Record<string, Answer> {
  return { [path]: object(bytes, options), [`${path}.sha512`]: text(hex('sha512', bytes)) };
}
