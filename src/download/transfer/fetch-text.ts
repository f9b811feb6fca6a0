import { FetchError, type RetryPolicy, retry } from '../../http/retry.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Source } from './source.ts';

const MAX_SIZE = 4 << 20;

/**
 * Fetches a small text, trimmed: a marker or a checksum. Throws FetchError when that fails, and for HTML pages, which
 * proxies, login pages and missing objects answer with.
 */
export async function fetchText(
  url: string,
  source: Source,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<string> {
  const text = await retry(() => read(url, source, signal), policy, signal);
  if (text.startsWith('<'))
    throw new FetchError(`${redactUrl(url)} is HTML or XML, not plain text`, { retryable: false });
  return text;
}

async function read(url: string, source: Source, signal: AbortSignal): Promise<string> {
  const body = await source.open(url, { from: 0, signal });
  if (/^(text\/html|application\/xhtml)/.test(body.type)) {
    body.discard();
    throw new FetchError(`${redactUrl(url)} is HTML, not plain text`, { retryable: false });
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.bytes) {
    size += chunk.length;
    if (size > MAX_SIZE)
      throw new FetchError(`${redactUrl(url)} is larger than ${MAX_SIZE} bytes`, { retryable: false });
    chunks.push(Buffer.from(chunk));
  }
  if (body.total !== undefined && size < body.total)
    throw new FetchError(`${redactUrl(url)} ended after ${size} of ${body.total} bytes`, { retryable: true });
  return Buffer.concat(chunks).toString('utf8').trim();
}
