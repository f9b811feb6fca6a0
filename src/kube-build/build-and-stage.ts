import type { Run } from '../api/run.ts';
import { StageBucket } from '../gcs/bucket.ts';
import { monotonic } from '../system/clock.ts';
import { keepBinaries } from './binaries.ts';
import type { BuildOptions } from './flags.ts';
import { pushImages } from './images.ts';
import { type StageLocation, stageUrl } from './location.ts';
import { makeQuickRelease } from './make.ts';
import { updateMarkers } from './markers.ts';
import { isStaged, mebibytes, stageBuild } from './stage.ts';
import { isDirty, versionOfTree } from './version.ts';

/** A finished build. */
export interface Built {
  /** With a leading `v`, and the suffix, if there is one. */
  readonly version: string;
  /** `gs://BUCKET/ROOT/VERSION`, when it was staged. */
  readonly url: string | undefined;
}

/**
 * Builds Kubernetes from source, copies the binaries for this host to the run directory, and stages the build if `--stage`
 * is set. A version that is already staged completely is not built again, unless the run uses the built tree.
 * Throws UsageError before the build when the bucket is not writable or the tree must not be staged there, CommandError
 * when the build fails.
 */
export async function buildAndStage(options: BuildOptions, run: Run, signal: AbortSignal): Promise<Built> {
  const { stage: location } = options;
  const [version, bucket] = await Promise.all([
    versionOfTree(options, run, signal),
    location && StageBucket.open(location.bucket, run),
  ]);
  await run.records.metadata({ 'build-version': version });
  if (location === undefined || bucket === undefined) {
    if (options.imageLocation !== '') run.log.warn('Ignoring --image-location: images are only pushed with --stage');
    await build(options, run, signal);
    return { version, url: undefined };
  }
  const stop = new AbortController();
  const done = isDone(options, bucket, location, version, AbortSignal.any([signal, stop.signal]));
  // If both fail, the error of the bucket is the useful one; this one is awaited below.
  done.catch(() => undefined);
  try {
    await bucket.checkWritable(signal);
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  if (!(await done)) {
    await build(options, run, signal);
    await stage(options, location, version, run, signal);
  } else run.log.info(`Skipping the build: ${stageUrl(location, version)} is already complete`);
  await updateLatest(options, bucket, location, version, run, signal);
  return { version, url: stageUrl(location, version) };
}

async function build(options: BuildOptions, run: Run, signal: AbortSignal): Promise<void> {
  await makeQuickRelease(options.repoRoot, options.platforms, run, signal);
  await keepBinaries(options, run);
}

/** Stages the build in the tree under a version: images, then files with their checksums. */
export async function stage(
  options: BuildOptions,
  location: StageLocation,
  version: string,
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  if (options.imageLocation !== '') await pushImages(options.repoRoot, options.imageLocation, version, run, signal);
  const started = monotonic();
  const staged = await stageBuild(options, location, version, run, signal);
  const seconds = ((monotonic() - started) / 1000).toFixed(1);
  run.records.event('stage', { ...staged, version });
  run.log.info(
    `Staged ${staged.url}: uploaded ${staged.written} of ${staged.objects} objects, ${mebibytes(staged.bytes)} in ${seconds}s`,
  );
}

/** True when the build can be skipped: its version identifies its content, it is staged, and the run does not use it. */
async function isDone(
  { imageLocation, usesTree, needs }: BuildOptions,
  bucket: StageBucket,
  location: StageLocation,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (isDirty(version) || imageLocation !== '' || usesTree || needs.length > 0) return false;
  return await isStaged(bucket, location, version, signal);
}

async function updateLatest(
  options: BuildOptions,
  bucket: StageBucket,
  location: StageLocation,
  version: string,
  { log }: Run,
  signal: AbortSignal,
): Promise<void> {
  if (!options.updateLatest) return;
  if (location.ci) await updateMarkers(bucket, location, version, log, signal);
  else log.warn('Ignoring --update-latest: only builds under ci have version markers');
}
