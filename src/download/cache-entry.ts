import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { messageOf, RunError } from '../api/errors.ts';
import type { AcquireSettings } from '../api/run.ts';
import { redactUrl } from '../text/redact-url.ts';
import type { Content, Entry } from './cache/cache.ts';
import type { Fetched } from './transfer/fetch-object.ts';

/** The name of a file that is wanted whole, where members of packages have theirs. */
export const ITSELF = '';

/** What tells one object from another in the cache. A file of this machine is another one once it is written to. */
export async function identity(url: string, { gcsEndpoint }: AcquireSettings): Promise<string> {
  if (!URL.canParse(url)) throw new RunError(`${redactUrl(url)}: no address`);
  const address = new URL(url);
  address.username = '';
  address.password = '';
  if (address.protocol === 'gs:') return gcsEndpoint === '' ? url : `${url} at ${gcsEndpoint}`;
  if (address.protocol !== 'file:') return address.href;
  try {
    const { size, mtimeMs } = await stat(fileURLToPath(url));
    return `${url} ${size} ${mtimeMs}`;
  } catch (error) {
    throw new RunError(messageOf(error), { cause: error });
  }
}

/** What is known of an object once more of it is kept. Another object at the same address replaces what was known. */
export function merged(
  before: Entry | undefined,
  now: { url: string; fetched: Fetched; verified: Entry['verified']; contents: Readonly<Record<string, Content>> },
): Entry {
  const { algorithm, hex, size } = now.fetched;
  const same = before?.digests[algorithm] === hex ? before : undefined;
  const contents = { ...(same ? contentsOf(same) : {}), ...now.contents };
  const { [ITSELF]: file, ...members } = contents;
  return {
    schema: 1,
    url: now.url,
    size,
    digests: { ...same?.digests, ...(file ? { sha256: file.sha256 } : {}), [algorithm]: hex },
    verified: now.verified,
    ...(file ? { file } : {}),
    members,
  };
}

/** All files that are kept of an object, by name. */
export function contentsOf({ file, members }: Entry): Readonly<Record<string, Content>> {
  return file ? { ...members, [ITSELF]: file } : members;
}
