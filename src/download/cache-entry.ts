import type { Content, Entry } from './cache/cache.ts';
import type { FetchedObject } from './transfer/fetch-object.ts';

/** The name of the file itself where members of packages have theirs. */
export const WHOLE = '';

/** The entry of an object after a fetch. It keeps what was cached before, unless another object is at the URL now. */
export function mergeEntry(
  before: Entry | undefined,
  now: {
    url: string;
    fetched: FetchedObject;
    verified: Entry['verified'];
    contents: Readonly<Record<string, Content>>;
  },
): Entry {
  const { algorithm, hex, size } = now.fetched;
  const same = before?.digests[algorithm] === hex ? before : undefined;
  const contents = { ...(same ? contentsOf(same) : {}), ...now.contents };
  const { [WHOLE]: file, ...members } = contents;
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

/** All cached files of an object, by name. */
export function contentsOf({ file, members }: Entry): Readonly<Record<string, Content>> {
  return file ? { ...members, [WHOLE]: file } : members;
}
