import { RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { ReplacedError, type StageBucket } from '../gcs/bucket.ts';
import { compareVersions, type KubeVersion, parseVersion } from '../kube/version.ts';
import { type StageLocation, stageUrl } from './location.ts';

/**
 * Points `latest.txt`, `latest-1.txt` and `latest-1.36.txt` of a location at a version, each unless it points at one
 * that is as new or newer. Of publishers at once the newest wins.
 * Throws RunError when a marker holds something that is no version.
 */
export async function updateMarkers(
  bucket: StageBucket,
  at: StageLocation,
  version: string,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const mine = parseVersion(version);
  if (mine === undefined) throw new RunError(`${version} is no version that a marker can point at`);
  for (const suffix of ['', `-${mine.major}`, `-${mine.major}.${mine.minor}`]) {
    const file = `latest${suffix}.txt`;
    const now = await point(bucket, `${at.root}/${file}`, mine, signal);
    log.info(
      now === version
        ? `${stageUrl(at, file)} points at ${version}`
        : `${stageUrl(at, file)} stays at ${now}, which is not older`,
    );
  }
}

/** Returns what the marker says in the end, read back. */
async function point(bucket: StageBucket, name: string, mine: KubeVersion, signal: AbortSignal): Promise<string> {
  for (;;) {
    const marker = await bucket.read(name, signal);
    const text = marker?.text.trim() ?? '';
    if (marker !== undefined) {
      const theirs = parseVersion(text);
      if (theirs === undefined) {
        throw new RunError(
          `gs://${bucket.name}/${name} holds ${JSON.stringify(text.slice(0, 80))}, which is no version`,
        );
      }
      if (text === mine.text || !isNewer(mine, theirs)) return text;
    }
    // When somebody else pointed it elsewhere since it was read: look again.
    await writeMarker(bucket, name, mine.text, marker?.generation, signal);
  }
}

/**
 * Writes a marker, never to be cached, in place of the generation that was read; undefined when there was none.
 * False when somebody else was quicker: then theirs stays.
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
