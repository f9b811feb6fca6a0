import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { RunError } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';
import type { Platform } from '../system/platform.ts';
import { reasonOf } from '../system/system-error.ts';
import { redactUrl } from '../text/redact-url.ts';
import { cacheKey } from './cache/cache.ts';
import type { Pin } from './pins.ts';
import type { ObjectUrl } from './transfer/source.ts';

/** What a caller asks for. */
export interface Wanted {
  readonly url: string;
  /** The members to extract from a package; undefined for the file itself. */
  readonly members: readonly string[] | undefined;
  /** The pin of the URL, when the run has pins. */
  readonly pin: Pin | undefined;
  /** The sha256 the content must have, when the caller knows it; lower-case hex. */
  readonly sha256: string | undefined;
  /** The platform that every file must be a binary for, if any. */
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal;
}

/** A file or package to fetch. The display form of its URL and its key in the cache are computed once. */
export interface FetchRequest extends Wanted, ObjectUrl {
  /** Identifies the object in the cache. */
  readonly key: string;
}

/** Prepares a request. Throws RunError for an invalid URL or a `file://` URL without a file. */
export async function fetchRequest(wanted: Wanted, settings: AcquireSettings): Promise<FetchRequest> {
  const shown = redactUrl(wanted.url);
  if (!URL.canParse(wanted.url)) throw new RunError(`invalid URL ${shown}`);
  return { ...wanted, shown, key: cacheKey(await identityOf(wanted.url, shown, settings)) };
}

/** Identifies an object: its URL without credentials, and the endpoint, or the size and time of a local file. */
async function identityOf(url: string, shown: string, { gcsEndpoint }: AcquireSettings): Promise<string> {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  if (parsed.protocol === 'gs:') return gcsEndpoint === '' ? url : `${url} at ${gcsEndpoint}`;
  if (parsed.protocol !== 'file:') return parsed.href;
  try {
    const { size, mtimeMs } = await stat(fileURLToPath(url));
    return `${url} ${size} ${mtimeMs}`;
  } catch (error) {
    throw new RunError(`cannot read ${shown}: ${reasonOf(error)}`, { cause: error });
  }
}
