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

/** What was built. */
export interface Built {
  /** With a leading `v`, and the suffix where one was asked for. */
  readonly version: string;
  /** `gs://BUCKET/ROOT/VERSION`, when it was staged. */
  readonly url: string | undefined;
}

/**
 * Builds Kubernetes from source, keeps the programs for this machine in the run dir, and stages the build where that is
 * asked for. A version that is staged already, whole, is not built again unless the run uses what a build leaves in the
 * tree. Throws UsageError before anything is built when the bucket cannot be written or the tree must not be staged
 * there, CommandError when it does not build.
 */
export async function buildAndStage(options: BuildOptions, run: Run, signal: AbortSignal): Promise<Built> {
  const { stage: at } = options;
  const [version, bucket] = await Promise.all([
    versionOfTree(options, run, signal),
    at && StageBucket.open(at.bucket, run),
  ]);
  await run.records.metadata({ 'build-version': version });
  if (at === undefined || bucket === undefined) {
    if (options.imageLocation !== '')
      run.log.warn('--image-location is for staged builds: no images are pushed without --stage');
    await build(options, run, signal);
    return { version, url: undefined };
  }
  const stop = new AbortController();
  const done = isDone(options, bucket, at, version, AbortSignal.any([signal, stop.signal]));
  // Should both fail, what is wrong with the bucket tells more than the look into it, which is waited for below.
  done.catch(() => undefined);
  try {
    await bucket.checkWritable(signal);
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  if (!(await done)) {
    await build(options, run, signal);
    await stage(options, at, version, run, signal);
  } else run.log.info(`${stageUrl(at, version)} is there, whole: nothing to build`);
  await point(options, bucket, at, version, run, signal);
  return { version, url: stageUrl(at, version) };
}

async function build(options: BuildOptions, run: Run, signal: AbortSignal): Promise<void> {
  await makeQuickRelease(options.repoRoot, options.platforms, run, signal);
  await keepBinaries(options, run);
}

/** Stages what is in the tree under a version: images, then files with their checksums. */
export async function stage(
  options: BuildOptions,
  at: StageLocation,
  version: string,
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  if (options.imageLocation !== '') await pushImages(options.repoRoot, options.imageLocation, version, run, signal);
  const started = monotonic();
  const staged = await stageBuild(options, at, version, run, signal);
  const seconds = ((monotonic() - started) / 1000).toFixed(1);
  run.records.event('stage', { ...staged, version });
  run.log.info(
    `staged ${staged.url}: ${staged.written} of ${staged.objects} objects sent, ${mebibytes(staged.bytes)} in ${seconds} s`,
  );
}

/** A build whose version says for certain what is in it, and which nobody needs here. */
async function isDone(
  { imageLocation, usesTree, needs }: BuildOptions,
  bucket: StageBucket,
  at: StageLocation,
  version: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (isDirty(version) || imageLocation !== '' || usesTree || needs.length > 0) return false;
  return await isStaged(bucket, at, version, signal);
}

async function point(
  { updateLatest }: BuildOptions,
  bucket: StageBucket,
  at: StageLocation,
  version: string,
  { log }: Run,
  signal: AbortSignal,
): Promise<void> {
  if (!updateLatest) return;
  if (at.ci) await updateMarkers(bucket, at, version, log, signal);
  else log.warn('--update-latest is for builds under ci: no marker is touched');
}
