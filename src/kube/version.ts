import compare from 'semver/functions/compare.js';

/** A Kubernetes version, as in tags, builds and `gitVersion` fields. */
export interface KubeVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** After the dash: `alpha.1.123`, `rc.0`, a vendor's `gke.100`; else empty. */
  readonly pre: string;
  /** After the plus: commit and run ID of builds that are no release; else empty. */
  readonly build: string;
  /** With a leading `v`. */
  readonly text: string;
}

/** A minor version, such as 1.36. */
export interface MinorVersion {
  readonly major: number;
  readonly minor: number;
}

/** No longer text is a version, as in semver. Characters. */
const LONGEST = 200;
const NUMBER = '(0|[1-9]\\d{0,14})';
const IDENTIFIERS = '([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)';
const FULL = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${IDENTIFIERS})?(?:\\+([0-9A-Za-z.-]+))?$`);
const SHORT = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\+?$`);

/**
 * Parses a full version: `v1.36.1`, `1.36.1`, `v1.37.0-alpha.1.123+abc123`, a vendor's `v1.30.5-gke.100`.
 * Undefined for anything else, and for `v0.0.0-…`, which programs built without a version report.
 */
export function parseVersion(text: string): KubeVersion | undefined {
  const match = FULL.exec(text.trim());
  if (match === null || text.length > LONGEST) return undefined;
  const [whole, major, minor, patch, pre = '', build = ''] = match;
  const version = { major: Number(major), minor: Number(minor), patch: Number(patch), pre, build };
  if (version.major === 0 && version.minor === 0) return undefined;
  return { ...version, text: whole.startsWith('v') ? whole : `v${whole}` };
}

/** Parses a minor version: of a full version, `1.36`, `v1.36`, or the `1.37+` of a server's two fields joined. */
export function parseMinor(text: string): MinorVersion | undefined {
  const full = parseVersion(text);
  if (full) return { major: full.major, minor: full.minor };
  const [match, major, minor] = SHORT.exec(text.trim()) ?? [];
  return match === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** Negative when `a` comes before `b`, 0 when neither does: semver's order, which ignores what follows the plus. */
export function compareVersions(a: KubeVersion, b: KubeVersion): number {
  // Vendors also write numbers with leading zeros.
  return compare(withoutBuild(a), withoutBuild(b), { loose: true });
}

const withoutBuild = ({ major, minor, patch, pre }: KubeVersion): string =>
  `${major}.${minor}.${patch}${pre === '' ? '' : `-${pre}`}`;
