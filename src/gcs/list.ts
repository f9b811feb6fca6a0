import { DEFAULT_RETRY_POLICY, retry } from '../http/retry.ts';
import { gcsFault } from './fault.ts';
import type { GcsRequest } from './request.ts';

/** Which objects of a bucket are listed. */
export interface ListQuery {
  /** How their names begin. */
  readonly prefix: string;
  /** What divides names into directories: what is deeper than one below the prefix is only named by its directory. */
  readonly delimiter?: '/';
  /** The first name that counts, in the order of bytes. */
  readonly startOffset?: string;
}

export interface ListedObject {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Listing {
  readonly objects: readonly ListedObject[];
  /** Whole names, each with a slash at its end. */
  readonly directories: readonly string[];
}

const TRIES = { ...DEFAULT_RETRY_POLICY, attempts: 5 };
/** No job has as many builds, and no build as many artifacts: a listing without an end stops here. */
const MOST_PAGES = 1000;

/**
 * Lists objects, page by page; each page is tried again while there is hope. Throws FetchError, whose status is 404 when
 * there is no such bucket.
 * @param endpoint without a slash at its end
 */
export async function listObjects(
  request: GcsRequest,
  endpoint: string,
  bucket: string,
  query: ListQuery,
  signal: AbortSignal,
): Promise<Listing> {
  const objects: ListedObject[] = [];
  const directories: string[] = [];
  let pageToken = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const url = `${endpoint}/storage/v1/b/${bucket}/o?${parametersOf(query, pageToken)}`;
    const answer = await retry(() => ask(request, url, `gs://${bucket}/${query.prefix}`, signal), TRIES, signal);
    for (const item of answer.items ?? []) objects.push(objectOf(item));
    for (const directory of answer.prefixes ?? []) directories.push(String(directory));
    pageToken = answer.nextPageToken ?? '';
    if (pageToken === '') break;
  }
  return { objects, directories };
}

interface Page {
  readonly items?: readonly Partial<Record<'name' | 'size' | 'metadata', unknown>>[];
  readonly prefixes?: readonly unknown[];
  readonly nextPageToken?: string;
}

async function ask(request: GcsRequest, url: string, what: string, signal: AbortSignal): Promise<Page> {
  try {
    const { text } = await request(url, { method: 'GET', signal });
    return JSON.parse(text) as Page;
  } catch (error) {
    signal.throwIfAborted();
    throw gcsFault(`cannot list ${what}`, error);
  }
}

function parametersOf({ prefix, delimiter, startOffset }: ListQuery, pageToken: string): URLSearchParams {
  const fields = 'items(name,size,metadata),prefixes,nextPageToken';
  const parameters = { prefix, delimiter, startOffset, pageToken, fields, maxResults: '1000' };
  return new URLSearchParams(Object.entries(parameters).filter((each): each is [string, string] => !!each[1]));
}

function objectOf({ name, size, metadata }: Partial<Record<'name' | 'size' | 'metadata', unknown>>): ListedObject {
  const known = typeof metadata === 'object' && metadata !== null ? Object.entries(metadata) : [];
  return {
    name: String(name),
    size: Number(size ?? 0),
    metadata: Object.fromEntries(known.map(([key, value]) => [key, String(value)])),
  };
}
