import { RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { StageBucket } from '../gcs/bucket.ts';
import { eachInParallel } from '../system/parallel.ts';
import { checksumFiles, type DigestsByPath, pathsOf, SUMS, sumsText } from './checksums.ts';
import { DigestCache, type Digests, digestBytes } from './digest.ts';
import { type BuiltFile, filesOfBuild } from './files.ts';
import type { BuildOptions } from './flags.ts';
import { type StageLocation, stageUrl } from './location.ts';
import { type Staging, stageFile, stageText } from './upload.ts';

/** The result of staging a build. */
export interface Staged {
  /** `gs://BUCKET/ROOT/VERSION`. */
  readonly url: string;
  /** Objects, checksums included. */
  readonly objects: number;
  /** Objects that did not exist yet. */
  readonly written: number;
  /** Bytes uploaded. */
  readonly bytes: number;
}

/**
 * Uploads a build as `krel push` does: every file with its checksums beside it, then the lists of all checksums. Objects
 * that exist with the same digest are not uploaded again, so an interrupted upload resumes where it was. At the end the
 * digests are compared with those of Cloud Storage. Throws RunError on a mismatch.
 */
export async function stageBuild(
  options: Pick<BuildOptions, 'repoRoot' | 'gceFiles'>,
  location: StageLocation,
  version: string,
  run: Pick<Run, 'acquire' | 'env' | 'log' | 'records'>,
  signal: AbortSignal,
): Promise<Staged> {
  const files = await filesOfBuild(options);
  const bucket = await StageBucket.open(location.bucket, run);
  const digestCache = await DigestCache.open(options.repoRoot);
  const prefix = `${location.root}/${version}/`;
  const existing = await bucket.list(prefix, signal);
  const totals = { written: 0, bytes: 0 };
  const staging: Staging = { bucket, prefix, existing, expected: new Map(), digestCache, totals };
  await stageChecksums(staging, await stageFiles(staging, files, run, signal), signal);
  if (staging.totals.written > 0) await verify(staging, signal);
  return { url: stageUrl(location, version), objects: staging.expected.size, ...staging.totals };
}

/** Whether a version is staged with everything in its list of checksums. */
export async function isStaged(
  bucket: StageBucket,
  location: StageLocation,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  const prefix = `${location.root}/${version}/`;
  const [list, existing] = await Promise.all([bucket.text(`${prefix}SHA512SUMS`, signal), bucket.list(prefix, signal)]);
  if (list === undefined) return false;
  const paths = pathsOf(list);
  const has = (path: string) => ['', '.sha256', '.sha512'].every((end) => existing.has(`${prefix}${path}${end}`));
  return paths.includes('kubernetes.tar.gz') && [...paths, ...SUMS].every(has);
}

/** Uploads the files and returns their digests. The largest come first, so that none is the last one alone. */
async function stageFiles(
  staging: Staging,
  files: readonly BuiltFile[],
  { log }: Pick<Run, 'log'>,
  signal: AbortSignal,
): Promise<Map<string, Digests>> {
  const digests = new Map<string, Digests>();
  let done = 0;
  try {
    await eachInParallel(
      files.toSorted((a, b) => b.size - a.size),
      signal,
      async (file, either) => {
        digests.set(file.path, await stageFile(staging, file, either));
        done += 1;
        log.progress(`Staging: ${done} of ${files.length} files, ${mebibytes(staging.totals.bytes)} uploaded`);
      },
    );
  } finally {
    log.progress(undefined);
    staging.digestCache.save(files);
  }
  return digests;
}

/** Uploads the checksums, the lists last: when those exist, everything does. */
async function stageChecksums(staging: Staging, digests: DigestsByPath, signal: AbortSignal): Promise<void> {
  const lists = listsOf(digests);
  const all = new Map([...digests, ...lists.map(({ path, text }) => [path, digestBytes(text)] as const)]);
  await eachInParallel(checksumFiles(all), signal, ([path, text], either) => stageText(staging, path, text, either));
  for (const { path, text } of lists) await stageText(staging, path, text, signal);
}

const listsOf = (digests: DigestsByPath) => [
  { path: SUMS[0], text: sumsText(digests, 'sha256') },
  { path: SUMS[1], text: sumsText(digests, 'sha512') },
];

/** Throws RunError when an object is missing or its digest does not match. */
async function verify({ bucket, prefix, expected }: Staging, signal: AbortSignal): Promise<void> {
  const current = await bucket.list(prefix, signal);
  for (const [name, md5] of expected) {
    if (current.get(name)?.md5 === md5) continue;
    throw new RunError(`checksum mismatch of gs://${bucket.name}/${name}: another process changed it meanwhile`);
  }
}

/** A size in words: `12.3 MiB`. */
export const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
