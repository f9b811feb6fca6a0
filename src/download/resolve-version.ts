import { RunError, UsageError } from '../api/errors.ts';
import { parseVersion } from '../kube/version.ts';
import { redactUrl } from '../text/redact-url.ts';
import type { Resolved } from './downloader.ts';

/** The front of the release buckets. */
const RELEASES = 'https://dl.k8s.io';

/** What a name of a version stands for: a version, or a marker still to be read. */
export type Meaning = { readonly resolved: Resolved } | { readonly marker: string; readonly base: string };

/**
 * What somebody who types a version means. A whole address is a marker (`…/latest.txt`) or a version's folder
 * (`…/v1.36.1`). `v1.36.1` is a release, with a `+` in it a build of CI. `1.36` is the newest release of a line.
 * `ci/latest-1.36`, `release/stable`, `ci/fast/latest-fast`, `stable` and so on are markers of dl.k8s.io.
 * With a `base` versions and bare markers (`latest.txt`) are meant there. Throws UsageError for anything else.
 */
export function meaningOf(name: string, base?: string): Meaning {
  const typed = name.trim();
  if (/^[a-z]+:\/\//.test(typed)) return addressed(typed);
  const folder = base?.replace(/\/+$/, '');
  const version = parseVersion(typed);
  if (version) {
    return { resolved: rooted(version.text, folder ?? `${RELEASES}/${version.build === '' ? 'release' : 'ci'}`) };
  }
  const line = /^v?(\d+\.\d+)$/.exec(typed)?.[1];
  const marker = line === undefined ? typed : `stable-${line}`;
  if (!/^[a-z][\w.-]*(\/[\w.-]+)*$/.test(marker) || marker.includes('..'))
    throw new UsageError(`${JSON.stringify(shorten(name))} is no version, marker or address of a marker`);
  return addressed(
    `${folder ?? RELEASES}/${folder === undefined ? qualified(marker) : marker}${/\.txt$/.test(marker) ? '' : '.txt'}`,
  );
}

/** The version a marker holds. Throws RunError when it holds none. */
export function versionIn(text: string, marker: string): string {
  const version = parseVersion(text);
  if (version) return version.text;
  throw new RunError(`${redactUrl(marker)}: ${JSON.stringify(shorten(text))} is no version`);
}

/** A version's place below a folder. */
export function rooted(version: string, base: string): Resolved {
  return { version, base, root: `${base}/${version}` };
}

function addressed(url: string): Meaning {
  const { pathname } = new URL(url);
  const [, base, last] = /^(.*)\/([^/]+)\/*$/.exec(url.replace(/[?#].*$/, '')) ?? [];
  if (base === undefined || last === undefined || pathname.length < 2)
    throw new UsageError(`${redactUrl(url)}: no address of a version marker`);
  const version = parseVersion(decodeURIComponent(last));
  return version ? { resolved: rooted(version.text, base) } : { marker: url, base };
}

/** `latest-fast` of CI moved to a folder of its own; bare names are of releases. */
function qualified(marker: string): string {
  if (/^ci\/latest(-[\d.]+)?-fast$/.test(marker)) return marker.replace('ci/', 'ci/fast/');
  return marker.includes('/') ? marker : `release/${marker}`;
}

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
