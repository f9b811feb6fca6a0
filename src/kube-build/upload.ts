import { readFile } from 'node:fs/promises';
import { RunError } from '../api/errors.ts';
import type { StageBucket, StoredObject, Upload } from '../gcs/bucket.ts';
import { ReplacedError } from '../gcs/fault.ts';
import { type DigestCache, type Digests, digestBytes, digestFile, read, readHashing } from './digest.ts';
import type { BuiltFile } from './files.ts';

/** The directory of a bucket that a build is uploaded to, and what was in it before. */
export interface Staging {
  readonly bucket: StageBucket;
  /** With a trailing slash. */
  readonly prefix: string;
  /** By full name; uploaded objects are added. */
  readonly existing: Map<string, StoredObject>;
  /** The expected MD5 of each object of this build, by full name; filled during the upload. */
  readonly expected: Map<string, string>;
  readonly digestCache: DigestCache;
  readonly totals: Totals;
}

/** What was uploaded so far. */
export interface Totals {
  /** Objects. */
  written: number;
  bytes: number;
}

/** Uploads one file of a build, unless the same object exists, reading it once. Returns its digests. */
export async function stageFile(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  if (file.size <= MAX_IN_MEMORY) return await stageInMemory(staging, file, signal);
  const { digestCache, existing, prefix } = staging;
  let digests = digestCache.find(file);
  // An object of the same size may be the same, so the file is read before it is uploaded.
  if (digests === undefined && existing.get(prefix + file.path)?.size === file.size) {
    digests = await digestFile(file.local, signal);
  }
  digests ??= await uploadHashing(staging, file, signal);
  digestCache.add(file, digests);
  const bytes = (position: number) => read(file.local, position);
  await stage(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, digests.md5, signal);
  return digests;
}

/** Up to this size in bytes a file is read into memory. */
const MAX_IN_MEMORY = 1024 * 1024;

async function stageInMemory(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  const { digestCache, existing, prefix } = staging;
  let digests = digestCache.find(file);
  let bytes: Uint8Array = Buffer.of();
  if (digests === undefined || existing.get(prefix + file.path)?.md5 !== digests.md5) {
    bytes = await readFile(file.local, { signal });
    digests = digestBytes(bytes);
  }
  digestCache.add(file, digests);
  await stage(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, digests.md5, signal);
  return digests;
}

/** Uploads a small text, unless the same object exists. */
export async function stageText(staging: Staging, path: string, text: string, signal: AbortSignal): Promise<void> {
  const bytes = Buffer.from(text);
  const content = { size: bytes.length, type: 'text/plain', bytes };
  await stage(staging, path, content, digestBytes(bytes).md5, signal);
}

type Content = Pick<Upload, 'size' | 'type' | 'bytes'>;

/** Uploads an object unless it exists with the same digest. Throws RunError when another publisher uploads another one. */
async function stage(
  staging: Staging,
  path: string,
  content: Content,
  md5: string,
  signal: AbortSignal,
): Promise<void> {
  const { bucket, existing } = staging;
  const name = staging.prefix + path;
  staging.expected.set(name, md5);
  if (existing.get(name)?.md5 === md5) return;
  try {
    await upload(staging, path, content, signal);
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    await acceptExisting(staging, name, md5, error, signal);
  }
  if (existing.get(name)?.md5 === md5) return;
  throw new RunError(`checksum mismatch of gs://${bucket.name}/${name}: the file changed during the upload`);
}

/** Uploads a file and computes its digests on the way. */
async function uploadHashing(staging: Staging, file: BuiltFile, signal: AbortSignal): Promise<Digests> {
  const { bytes, digests } = readHashing(file.local);
  try {
    await upload(staging, file.path, { size: file.size, type: typeOf(file.path), bytes }, signal);
    return digests();
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    const own = await digestFile(file.local, signal);
    await acceptExisting(staging, staging.prefix + file.path, own.md5, error, signal);
    return own;
  }
}

async function upload(staging: Staging, path: string, content: Content, signal: AbortSignal): Promise<void> {
  const { bucket, prefix, existing, totals } = staging;
  const name = prefix + path;
  const uploaded = await bucket.put(name, { ...content, replaces: existing.get(name)?.generation ?? '0' }, signal);
  existing.set(name, uploaded);
  totals.written += 1;
  totals.bytes += content.size;
}

/** Accepts an object of another publisher with the same digest. Throws RunError when the digest differs. */
async function acceptExisting(staging: Staging, name: string, md5: string, cause: unknown, signal: AbortSignal) {
  const { bucket, existing } = staging;
  const found = (await bucket.list(name, signal)).get(name);
  if (found?.md5 !== md5) {
    throw new RunError(`another process is staging a different build as gs://${bucket.name}/${name}`, { cause });
  }
  existing.set(name, found);
}

function typeOf(path: string): string {
  if (path.endsWith('.tar.gz')) return 'application/x-tar';
  return /\.(?:txt|yaml|sh|ps1|psm1|docker_tag)$/.test(path) ? 'text/plain' : 'application/octet-stream';
}
