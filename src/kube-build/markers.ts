import { RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { StageBucket } from '../gcs/bucket.ts';
import { ReplacedError } from '../gcs/fault.ts';
import { compareVersions, type KubeVersion, parseVersion } from '../kube/version.ts';
import { type StageLocation, stageUrl } from './location.ts';

/**
 * Updates `latest.txt`, `latest-1.txt` and `latest-1.36.txt` of a location to a version, unless they have one that is as
 * new or newer. Of concurrent publishers the newest version wins.
 * Throws RunError when a marker does not contain a version.
 */
export async function updateMarkers(
  bucket: StageBucket,
  location: StageLocation,
  version: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const mine = parseVersion(version);
  if (mine === undefined)
    throw new RunError(`cannot update version markers: invalid version ${JSON.stringify(version)}`);
  for (const suffix of ['', `-${mine.major}`, `-${mine.major}.${mine.minor}`]) {
    const file = `latest${suffix}.txt`;
    const current = await updateMarker(bucket, `${location.root}/${file}`, mine, signal);
    log.info(
      current === version
        ? `${stageUrl(location, file)} is ${version}`
        : `Keeping ${stageUrl(location, file)} at ${current}: it is not older`,
    );
  }
}

/** Returns the final version in the marker, read back. */
async function updateMarker(
  bucket: StageBucket,
  name: string,
  mine: KubeVersion,
  signal: AbortSignal,
): Promise<string> {
  for (;;) {
    const marker = await bucket.read(name, signal);
    const text = marker?.text.trim() ?? '';
    if (marker !== undefined) {
      const theirs = parseVersion(text);
      if (theirs === undefined) {
        throw new RunError(
          `invalid version marker gs://${bucket.name}/${name}: ${JSON.stringify(text.slice(0, 80))} is not a version`,
        );
      }
      if (text === mine.text || !isNewer(mine, theirs)) return text;
    }
    // When another publisher changed it since it was read, the next round reads it again.
    await writeMarker(bucket, name, mine.text, marker?.generation, signal);
  }
}

/**
 * Writes a marker, with caching disabled, in place of the generation that was read; undefined when there was none.
 * Returns false when another publisher was quicker: then that marker stays.
 */
export async function writeMarker(
  bucket: StageBucket,
  name: string,
  text: string,
  replaces: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const bytes = Buffer.from(text);
  const head = { type: 'text/plain', cacheControl: 'private, max-age=0, no-transform', replaces: replaces ?? '0' };
  try {
    await bucket.put(name, { ...head, size: bytes.length, bytes }, signal);
    return true;
  } catch (error) {
    if (error instanceof ReplacedError) return false;
    throw error;
  }
}

/**
 * Semver's order but for one case of Kubernetes' tags: builds that follow a release candidate, `1.30.0-rc.2.10`, are
 * older than those that follow the release, `1.30.0-11`.
 */
export function isNewer(mine: KubeVersion, theirs: KubeVersion): boolean {
  const core = (version: KubeVersion): KubeVersion => ({ ...version, pre: '' });
  const afterRelease = /^\d+$/.test(mine.pre) && /^rc\.[^.]+\.[^.]+$/.test(theirs.pre);
  if (afterRelease && compareVersions(core(mine), core(theirs)) >= 0) return true;
  return compareVersions(mine, theirs) > 0;
}
