import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { StageBucket } from '../../src/gcs/bucket.ts';
import { ReplacedError } from '../../src/gcs/fault.ts';
import { SUMS } from '../../src/kube-build/checksums.ts';
import { type Digests, digestFile, read } from '../../src/kube-build/digest.ts';
import type { BuiltFile } from '../../src/kube-build/files.ts';
import { writeMarker } from '../../src/kube-build/markers.ts';
import { eachInParallel } from '../../src/system/parallel.ts';

/** Where releases go: `gs://BUCKET[/FOLDER]`. */
export interface ReleaseLocation {
  readonly bucket: string;
  /** With a slash at its end, or empty. */
  readonly prefix: string;
}

export interface Release {
  /** What `npm run package` made. */
  readonly folder: string;
  /** With a leading `v`. */
  readonly version: string;
  /** The names of the markers that point at it in the end, for instance `latest`. */
  readonly channels: readonly string[];
}

/** Reads `gs://BUCKET[/FOLDER]`; undefined for any other form. */
export function parseLocation(typed: string): ReleaseLocation | undefined {
  const [, bucket, folders = ''] = /^gs:\/\/([\w][\w.-]*)((?:\/[\w.-]+)*)\/?$/.exec(typed) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: folders === '' ? '' : `${folders.slice(1)}/` };
}

/** What publishing needs of a run's settings; an empty endpoint is Google's own. */
export const settings = (gcsEndpoint: string): Run['acquire'] => ({
  cacheDir: '',
  offline: false,
  pins: '',
  allowUnverified: false,
  downloadConnections: 1,
  gcsEndpoint,
});

/**
 * Publishes a release: its files, then their checksums, then the markers of its channels. What is there with the same
 * bytes stays, so a call that broke is simply made again; what is there with others is never replaced.
 * Returns the names of the objects that were written. Throws RunError when the version was published with other bytes.
 */
export async function publish(
  { folder, version, channels }: Release,
  { bucket: name, prefix }: ReleaseLocation,
  run: Pick<Run, 'acquire' | 'env'>,
  signal: AbortSignal,
): Promise<string[]> {
  const bucket = await StageBucket.open(name, run);
  const files = await filesOf(folder);
  const written: string[] = [];
  const at = `${prefix}${version}/`;
  const there = await bucket.list(at, signal);
  for (const group of groups(files)) {
    await eachInParallel(group, signal, async (file, either) => {
      const digests = await digestFile(file.local, either);
      const found = there.get(at + file.path)?.md5;
      if (found === undefined) {
        if (await put(bucket, at + file.path, file, digests, either)) written.push(at + file.path);
      } else if (found !== digests.md5) throw published(bucket, at + file.path);
    });
  }
  for (const channel of channels) {
    if (await point(bucket, `${prefix}${channel}.txt`, version, signal)) written.push(`${prefix}${channel}.txt`);
  }
  return written;
}

/** Packages first, then the checksum of each, then the lists: whoever finds those finds everything. */
function groups(files: readonly BuiltFile[]): BuiltFile[][] {
  const rank = ({ path }: BuiltFile): number =>
    (SUMS as readonly string[]).includes(path) ? 2 : /\.sha(?:256|512)$/.test(path) ? 1 : 0;
  return [0, 1, 2].map((each) => files.filter((file) => rank(file) === each));
}

/** False when another publisher was quicker with the same bytes. */
async function put(bucket: StageBucket, name: string, file: BuiltFile, digests: Digests, signal: AbortSignal) {
  const bytes = (position: number) => read(file.local, position);
  try {
    const type = /\.(?:txt|sha256|sha512)$|SUMS$/.test(name) ? 'text/plain' : 'application/octet-stream';
    const stored = await bucket.put(name, { size: file.size, type, replaces: '0', bytes }, signal);
    if (stored.md5 !== digests.md5) throw new RunError(`gs://${bucket.name}/${name} is not what was sent`);
    return true;
  } catch (error) {
    if (!(error instanceof ReplacedError)) throw error;
    if ((await bucket.list(name, signal)).get(name)?.md5 === digests.md5) return false;
    throw published(bucket, name);
  }
}

const published = (bucket: StageBucket, name: string): RunError =>
  new RunError(`gs://${bucket.name}/${name} was published with other bytes, and published files are not replaced`);

/** Points a channel at a version. Throws RunError when somebody else pointed it elsewhere meanwhile. */
async function point(bucket: StageBucket, name: string, version: string, signal: AbortSignal): Promise<boolean> {
  const marker = await bucket.read(name, signal);
  if (marker?.text.trim() === version) return false;
  if (await writeMarker(bucket, name, `${version}\n`, marker?.generation, signal)) return true;
  if ((await bucket.read(name, signal))?.text.trim() === version) return false;
  throw new RunError(`gs://${bucket.name}/${name} was pointed elsewhere meanwhile`);
}

async function filesOf(folder: string): Promise<BuiltFile[]> {
  const names = await readdir(folder);
  const missing = SUMS.filter((sums) => !names.includes(sums));
  if (missing.length > 0) throw new RunError(`${folder} has no ${missing.join(', no ')}: npm run package makes it`);
  return await Promise.all(
    names.map(async (path) => {
      const local = join(folder, path);
      return { path, local, size: (await stat(local)).size, stamp: '' };
    }),
  );
}
