import { RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { StageBucket } from '../gcs/bucket.ts';
import { eachInParallel } from '../system/parallel.ts';
import { besideFiles, type DigestsByPath, pathsOf, SUMS, sumsText } from './checksums.ts';
import { DigestBook, type Digests, digestBytes } from './digest.ts';
import { type BuiltFile, filesOfBuild } from './files.ts';
import type { BuildOptions } from './flags.ts';
import { type StageLocation, stageUrl } from './location.ts';
import { type Staging, stageFile, stageText } from './upload.ts';

/** What a staged build came to. */
export interface Staged {
  /** `gs://BUCKET/ROOT/VERSION`. */
  readonly url: string;
  /** Objects, checksums included. */
  readonly objects: number;
  /** Objects that were not there yet. */
  readonly written: number;
  /** Bytes that were sent. */
  readonly bytes: number;
}

/**
 * Uploads a build as `krel push` does: every file with its checksums beside it, then the lists of all checksums. What is
 * there with the same digest is not sent again, so a staging that broke goes on where it was. In the end everything is
 * compared with what Cloud Storage says it has. Throws RunError when that is something else.
 */
export async function stageBuild(
  options: Pick<BuildOptions, 'repoRoot' | 'gceFiles'>,
  at: StageLocation,
  version: string,
  run: Pick<Run, 'acquire' | 'env' | 'log'>,
  signal: AbortSignal,
): Promise<Staged> {
  const files = await filesOfBuild(options);
  const bucket = await StageBucket.open(at.bucket, run);
  const book = await DigestBook.open(options.repoRoot);
  const prefix = `${at.root}/${version}/`;
  const there = await bucket.list(prefix, signal);
  const staging: Staging = { bucket, prefix, there, expected: new Map(), book, tally: { written: 0, bytes: 0 } };
  await stageChecksums(staging, await stageFiles(staging, files, run, signal), signal);
  if (staging.tally.written > 0) await compare(staging, signal);
  return { url: stageUrl(at, version), objects: staging.expected.size, ...staging.tally };
}

/** Whether a version is staged with everything its list of checksums names. */
export async function isStaged(
  bucket: StageBucket,
  at: StageLocation,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  const prefix = `${at.root}/${version}/`;
  const [list, there] = await Promise.all([bucket.text(`${prefix}SHA512SUMS`, signal), bucket.list(prefix, signal)]);
  if (list === undefined) return false;
  const paths = pathsOf(list);
  const has = (path: string) => ['', '.sha256', '.sha512'].every((end) => there.has(`${prefix}${path}${end}`));
  return paths.includes('kubernetes.tar.gz') && [...paths, ...SUMS].every(has);
}

/** Brings the files up and returns their digests, the largest first, so that none is left for last. */
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
        log.progress(`staging: ${done} of ${files.length} files, ${mebibytes(staging.tally.bytes)} sent`);
      },
    );
  } finally {
    log.progress(undefined);
    await staging.book.save(files);
  }
  return digests;
}

/** Brings the checksums up, the lists last: whoever finds those finds everything. */
async function stageChecksums(staging: Staging, digests: DigestsByPath, signal: AbortSignal): Promise<void> {
  const lists = listsOf(digests);
  const all = new Map([...digests, ...lists.map(({ path, text }) => [path, digestBytes(text)] as const)]);
  await eachInParallel(besideFiles(all), signal, ([path, text], either) => stageText(staging, path, text, either));
  for (const { path, text } of lists) await stageText(staging, path, text, signal);
}

const listsOf = (digests: DigestsByPath) => [
  { path: SUMS[0], text: sumsText(digests, 'sha256') },
  { path: SUMS[1], text: sumsText(digests, 'sha512') },
];

/** Throws RunError when an object is missing or is not what was staged. */
async function compare({ bucket, prefix, expected }: Staging, signal: AbortSignal): Promise<void> {
  const now = await bucket.list(prefix, signal);
  for (const [name, md5] of expected) {
    if (now.get(name)?.md5 === md5) continue;
    throw new RunError(`gs://${bucket.name}/${name} is not what was staged: somebody else changed it meanwhile`);
  }
}

/** For people: `12.3 MiB`. */
export const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
