import type { Dispatcher } from 'undici';
import { messageOf, RunError } from '../../api/errors.ts';
import { type HttpOptions, openConnections } from '../../http/agent.ts';
import { FetchError, parseRetryAfter } from '../../http/retry.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Ask, Body, Source } from './source.ts';

const MAX_REDIRECTS = 10;

/** Additions to one request. */
export interface HttpExtras {
  readonly headers?: Readonly<Record<string, string>>;
  /** The response header that identifies the version of the object, where that is not an entity tag. */
  readonly versionHeader?: string;
}

export interface HttpSource extends Source {
  open(url: string, ask: Ask, extras?: HttpExtras): Promise<Body>;
}

interface HttpSourceOptions extends HttpOptions {
  /** Whether plain http to a URL is accepted beyond this machine. */
  readonly insecure: (url: string) => boolean;
}

/** Objects over https, and over plain http from this host. Nothing is loaded before the first request. */
export function httpSource(options: HttpSourceOptions): HttpSource {
  let opened: Promise<Dispatcher> | undefined;
  const connections = (): Promise<Dispatcher> => {
    opened ??= openConnections(options);
    return opened;
  };
  // The targets of redirects, so that they are not followed again for each part of a large object.
  const targets = new Map<string, string>();
  const follow = async (from: Target, ask: Ask, extras: HttpExtras): Promise<Body> => {
    return await followed(await connections(), from, ask, options.insecure, extras);
  };
  return {
    open: async (url, ask, extras = {}) => {
      const target = targets.get(url);
      try {
        const body = await follow({ url, at: target ?? url }, ask, extras);
        if (body.url !== url) targets.set(url, body.url);
        return body;
      } catch (error) {
        // The target may have been valid for a few minutes only.
        if (target === undefined || !(error instanceof FetchError)) throw error;
        targets.delete(url);
        return follow({ url, at: url }, ask, extras);
      }
    },
    close: async () => (await opened)?.destroy(),
  };
}

/** A URL, and the known target of its redirects. */
interface Target {
  readonly url: string;
  readonly at: string;
}

/** Requests the known target of a URL, and follows further redirects. */
async function followed(
  dispatcher: Dispatcher,
  { url, at: start }: Target,
  ask: Ask,
  insecure: HttpSourceOptions['insecure'],
  extras: HttpExtras,
): Promise<Body> {
  let at = start;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    refuseInsecure(at, insecure);
    // Headers may contain credentials, which are not for other servers.
    const own = new URL(at).origin === new URL(url).origin ? extras : {};
    let answer = await request(dispatcher, at, ask, own);
    // An empty object has no ranges.
    if (answer.statusCode === 416 && ask.from === 0 && ask.to !== undefined) {
      await answer.body.dump();
      answer = await request(dispatcher, at, { ...ask, to: undefined }, own);
    }
    const next = redirection(at, answer);
    if (next === undefined) return bodyOf(at, ask, answer, extras.versionHeader);
    await answer.body.dump();
    at = next;
  }
  throw new FetchError(`${redactUrl(url)}: more than ${MAX_REDIRECTS} redirects`, { retryable: false });
}

function refuseInsecure(url: string, insecure: (url: string) => boolean): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:') return;
  if (protocol !== 'http:')
    throw new FetchError(`unsupported URL ${redactUrl(url)}: expected https, http, gs or file`, { retryable: false });
  if (insecure(url) || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)) return;
  throw new RunError(`refusing plain http for ${redactUrl(url)}: use https, --pins or --allow-unverified`);
}

async function request(
  dispatcher: Dispatcher,
  url: string,
  ask: Ask,
  extras: HttpExtras,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search, username, password } = new URL(url);
  const range = ask.from > 0 || ask.to !== undefined;
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  const headers = {
    'user-agent': 'kubetest2-ts',
    'accept-encoding': 'identity',
    'cache-control': 'no-cache',
    ...(username === '' ? {} : { authorization: `Basic ${login}` }),
    ...(range ? { range: `bytes=${ask.from}-${ask.to === undefined ? '' : ask.to - 1}` } : {}),
    ...(range && ask.validator !== undefined ? { 'if-range': ask.validator } : {}),
    ...extras.headers,
  };
  try {
    return await dispatcher.request({ origin, path: pathname + search, method: 'GET', headers, signal: ask.signal });
  } catch (error) {
    ask.signal.throwIfAborted();
    throw connectionError(url, error);
  }
}

function redirection(url: string, { statusCode, headers }: Dispatcher.ResponseData): string | undefined {
  const location = one(headers['location']);
  if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return undefined;
  if (URL.canParse(location, url)) return new URL(location, url).href;
  throw new FetchError(`${redactUrl(url)} redirects to an invalid URL`, { status: statusCode, retryable: false });
}

function bodyOf(
  url: string,
  ask: Ask,
  { statusCode, headers, body }: Dispatcher.ResponseData,
  versionHeader: string | undefined,
): Body {
  if (statusCode !== 200 && statusCode !== 206) {
    body.destroy().on('error', () => undefined);
    throw statusError(url, statusCode, one(headers['retry-after']));
  }
  const part = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(one(headers['content-range']) ?? '');
  const ranged = statusCode === 206;
  if (ranged && Number(part?.[1]) !== ask.from) {
    body.destroy().on('error', () => undefined);
    throw new FetchError(`${redactUrl(url)}: the server sent another range than requested`, { retryable: false });
  }
  const length = ranged ? part?.[2] : one(headers['content-length']);
  return {
    url,
    ranged,
    from: ranged ? ask.from : 0,
    total: length === undefined || length === '*' ? undefined : Number(length),
    validator:
      versionHeader === undefined
        ? validatorOf(one(headers['etag']), one(headers['last-modified']))
        : one(headers[versionHeader]),
    type: (one(headers['content-type']) ?? '').toLowerCase(),
    bytes: chunks(url, body, ask.signal),
    discard: () => void body.destroy().on('error', () => undefined),
  };
}

async function* chunks(url: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    signal.throwIfAborted();
    throw connectionError(url, error);
  }
}

/** A weak entity tag does not guarantee identical bytes, so it cannot join ranges. */
function validatorOf(tag: string | undefined, modified: string | undefined): string | undefined {
  return tag === undefined || tag.startsWith('W/') ? modified : tag;
}

function statusError(url: string, status: number, retryAfter: string | undefined): FetchError {
  const retryable = status >= 500 || status === 408 || status === 429;
  return new FetchError(`${redactUrl(url)}: the server answered ${status}`, {
    status,
    retryable,
    retryAfter: parseRetryAfter(retryAfter, Date.now()),
  });
}

/** An error of the connection. Errors of certificates and invalid requests are not retryable. */
function connectionError(url: string, error: unknown): FetchError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const retryable = !/CERT|^ERR_TLS|^ERR_INVALID|^UND_ERR_INVALID|^UNABLE_TO/.test(code);
  const reasons =
    error instanceof AggregateError && error.message === '' ? messageOf(error.errors[0]) : messageOf(error);
  return new FetchError(`${redactUrl(url)}: ${reasons}`, { retryable }, { cause: error });
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
