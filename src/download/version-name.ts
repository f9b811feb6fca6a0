import { RunError, UsageError } from '../api/errors.ts';
import { parseVersion } from '../kube/version.ts';
import { redactUrl } from '../text/redact-url.ts';
import { oneLine } from '../text/truncate.ts';
import type { ResolvedVersion } from './downloader.ts';

/** The front of the release buckets. */
const RELEASES = 'https://dl.k8s.io';
/** Longer values are cut in messages. Characters. */
const MAX_SHOWN = 80;

/** What the name of a version stands for: a version, or a marker that has to be read. */
export type VersionName = { readonly resolved: ResolvedVersion } | { readonly marker: string; readonly base: string };

/**
 * Parses the name of a version. A URL is a marker (`…/latest.txt`) or the directory of a version (`…/v1.36.1`).
 * `v1.36.1` is a release, or a CI build if it contains a `+`. `1.36` is the latest release of a minor version.
 * `ci/latest-1.36`, `release/stable`, `ci/fast/latest-fast`, `stable` and so on are markers of dl.k8s.io.
 * With `base`, versions and bare markers (`latest.txt`) are looked up there. Throws UsageError for anything else.
 */
export function parseVersionName(name: string, base?: string): VersionName {
  const trimmed = name.trim();
  if (/^[a-z]+:\/\//.test(trimmed)) return parseUrl(trimmed);
  const directory = base?.replace(/\/+$/, '');
  const version = parseVersion(trimmed);
  if (version) {
    return {
      resolved: resolvedAt(version.text, directory ?? `${RELEASES}/${version.build === '' ? 'release' : 'ci'}`),
    };
  }
  const minor = /^v?(\d+\.\d+)$/.exec(trimmed)?.[1];
  const marker = minor === undefined ? trimmed : `stable-${minor}`;
  if (!/^[a-z][\w.-]*(\/[\w.-]+)*$/.test(marker) || marker.includes('..'))
    throw new UsageError(
      `invalid version ${JSON.stringify(oneLine(name, MAX_SHOWN))}: expected a version (v1.36.1, 1.36), a marker (ci/latest) or a marker URL`,
    );
  return parseUrl(
    `${directory ?? RELEASES}/${directory === undefined ? qualified(marker) : marker}${/\.txt$/.test(marker) ? '' : '.txt'}`,
  );
}

/** The version in the text of a marker. Throws RunError when it contains none. */
export function parseMarker(text: string, marker: string): string {
  const version = parseVersion(text);
  if (version) return version.text;
  throw new RunError(`${redactUrl(marker)} contains no version: ${JSON.stringify(oneLine(text, MAX_SHOWN))}`);
}

/** A version in a directory of versions. */
export function resolvedAt(version: string, base: string): ResolvedVersion {
  return { version, base, root: `${base}/${version}` };
}

function parseUrl(url: string): VersionName {
  const { pathname } = new URL(url);
  const [, base, last] = /^(.*)\/([^/]+)\/*$/.exec(url.replace(/[?#].*$/, '')) ?? [];
  if (base === undefined || last === undefined || pathname.length < 2)
    throw new UsageError(`invalid marker URL ${redactUrl(url)}: it has no path`);
  const version = parseVersion(decodeURIComponent(last));
  return version ? { resolved: resolvedAt(version.text, base) } : { marker: url, base };
}

/** The path of a marker: `latest-fast` of CI is in a directory of its own; bare names are those of releases. */
function qualified(marker: string): string {
  if (/^ci\/latest(-[\d.]+)?-fast$/.test(marker)) return marker.replace('ci/', 'ci/fast/');
  return marker.includes('/') ? marker : `release/${marker}`;
}
