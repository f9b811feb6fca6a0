import { FetchError, type Pace, retried } from '../../http/retry.ts';
import { redactUrl } from '../../text/redact-url.ts';
import type { Source } from './source.ts';

const LARGEST = 4 << 20;

/**
 * A small text, trimmed: a marker or a checksum. Throws FetchError when it cannot be had, and for pages made for
 * people, with which proxies, login walls and missing objects answer.
 */
export async function fetchText(url: string, source: Source, pace: Pace, signal: AbortSignal): Promise<string> {
  const text = await retried(() => read(url, source, signal), pace, signal);
  if (text.startsWith('<')) throw new FetchError(`${redactUrl(url)}: is HTML or XML`, { again: false });
  return text;
}

async function read(url: string, source: Source, signal: AbortSignal): Promise<string> {
  const body = await source.open(url, { from: 0, signal });
  if (/^(text\/html|application\/xhtml)/.test(body.type)) {
    body.discard();
    throw new FetchError(`${redactUrl(url)}: is a page of HTML`, { again: false });
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.bytes) {
    size += chunk.length;
    if (size > LARGEST) throw new FetchError(`${redactUrl(url)}: is more than ${LARGEST} bytes`, { again: false });
    chunks.push(Buffer.from(chunk));
  }
  if (body.total !== undefined && size < body.total)
    throw new FetchError(`${redactUrl(url)}: ended after ${size} of ${body.total} bytes`, { again: true });
  return Buffer.concat(chunks).toString('utf8').trim();
}
