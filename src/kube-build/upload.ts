import { readFile } from 'node:fs/promises';
import { RunError } from '../api/errors.ts';
import { ReplacedError, type StageBucket, type StoredObject, type Upload } from '../gcs/bucket.ts';
import { type DigestBook, type Digests, digestBytes, digestFile, hashing, read } from './digest.ts';
import type { BuiltFile } from './files.ts';

/** A folder of a bucket that is being filled, and what was in it before. */
export interface Staging {
  readonly bucket: StageBucket;
  /** With a slash at its end. */
  readonly prefix: string;
  /** By full name; what is written is added. */
  readonly there: Map<string, StoredObject>;
  /** The MD5 each object of this build has to have, by full name; filled on the way. */
  readonly expected: Map<string, string>;
  readonly book: DigestBook;
  readonly tally: Tally;
}

/** What staging did so far. */
export interface Tally {
  /** Objects written. */
  written: number;
  bytes: number;
}

/** Brings one file of a build up, unless the same is there, reading it once. Returns what its bytes come to. */
export async function stageFile(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  if (file.size <= WHOLE) return await stageWhole(staging, file, signal);
  const { book, there, prefix } = staging;
  let digests = book.find(file);
  // An object of the same size may well be the same: worth reading the file before sending it.
  if (digests === undefined && there.get(prefix + file.path)?.size === file.size) {
    digests = await digestFile(file.local, signal);
  }
  digests ??= await sendUnread(staging, file, signal);
  book.add(file, digests);
  const bytes = (position: number) => read(file.local, position);
  await stage(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, digests.md5, signal);
  return digests;
}

/** Up to this size a file is read into memory. Bytes. */
const WHOLE = 1024 * 1024;

async function stageWhole(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  const { book, there, prefix } = staging;
  let digests = book.find(file);
  let bytes: Uint8Array = Buffer.of();
  if (digests === undefined || there.get(prefix + file.path)?.md5 !== digests.md5) {
    bytes = await readFile(file.local, { signal });
    digests = digestBytes(bytes);
  }
  book.add(file, digests);
  await stage(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, digests.md5, signal);
  return digests;
}

/** Brings a small text up, unless the same is there. */
export async function stageText(staging: Staging, path: string, text: string, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(text);
  const content = { size: bytes.length, type: 'text/plain', bytes };
  await stage(staging, path, content, digestBytes(bytes).md5, signal);
}

type Content = Pick<Upload, 'size' | 'type' | 'bytes'>;

/** Uploads what is not there with the same digest. Throws RunError when another publisher put something else in its place. */
async function stage(
  staging: Staging,
  path: string,
  content: Content,
  md5: string,
  signal: AbortSignal,
): Promise<void> {
  const { bucket, there } = staging;
  const name = staging.prefix + path;
  staging.expected.set(name, md5);
  if (there.get(name)?.md5 === md5) return;
  try {
    await send(staging, path, content, signal);
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    await acceptTheirs(staging, name, md5, error, signal);
  }
  if (there.get(name)?.md5 === md5) return;
  throw new RunError(`gs://${bucket.name}/${name} is not what was sent: the file changed meanwhile`);
}

/** Sends a file whose digests are not known yet and learns them on the way. */
async function sendUnread(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  const { bytes, digests } = hashing(file.local);
  try {
    await send(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, signal);
    return digests();
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    const mine = await digestFile(file.local, signal);
    await acceptTheirs(staging, staging.prefix + file.path, mine.md5, error, signal);
    return mine;
  }
}

async function send(staging: Staging, path: string, content: Content, signal: AbortSignal): Promise<void> {
  const { bucket, prefix, there, tally } = staging;
  const name = prefix + path;
  const after = await bucket.put(name, { ...content, replaces: there.get(name)?.generation ?? '0' }, signal);
  there.set(name, after);
  tally.written += 1;
  tally.bytes += content.size;
}

/** Another publisher was quicker: the same build is as good as ours. Throws RunError when it is another. */
async function acceptTheirs(staging: Staging, name: string, md5: string, cause: unknown, signal: AbortSignal) {
  const { bucket, there } = staging;
  const found = (await bucket.list(name, signal)).get(name);
  if (found?.md5 !== md5) {
    throw new RunError(`somebody else stages another build as gs://${bucket.name}/${name}`, { cause });
  }
  there.set(name, found);
}

function typeOf(path: string): string {
  if (path.endsWith('.tar.gz')) return 'application/x-tar';
  return /\.(?:txt|yaml|sh|ps1|psm1|docker_tag)$/.test(path) ? 'text/plain' : 'application/octet-stream';
}
