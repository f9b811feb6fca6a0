import { RunError } from '../api/errors.ts';
import { FetchError } from '../http/retry.ts';
import { parseVersion } from '../kube/version.ts';
import { redactUrl } from '../text/redact-url.ts';
import { type Algorithm, DIGITS, type Expected } from './cache/digest.ts';

/** The digest in a checksum file of one file: bare hex, or `hex  name`. Undefined when it contains none. */
export function parseChecksum(text: string, algorithm: Algorithm): string | undefined {
  return new RegExp(`^([0-9a-f]{${DIGITS[algorithm]}})(?:\\s|$)`, 'i').exec(text.trim())?.[1]?.toLowerCase();
}

/**
 * The digest of a file in the list of a directory: lines `hex  path` or `hex *path`. The path is relative to the list or,
 * as some publishers have it, absolute on the machine that created it. Undefined when there is no entry, or several differ.
 */
export function findInSums(text: string, algorithm: Algorithm, path: string): string | undefined {
  const line = new RegExp(`^([0-9a-f]{${DIGITS[algorithm]}})\\s+\\*?(.+?)\\s*$`, 'i');
  const entries = text.split('\n').flatMap((each) => {
    const [, hex, name] = line.exec(each) ?? [];
    return hex === undefined || name === undefined ? [] : [{ hex: hex.toLowerCase(), name: name.replace(/^\.\//, '') }];
  });
  const exact = entries.find(({ name }) => name === path);
  if (exact) return exact.hex;
  const ending = new Set(entries.filter(({ name }) => name.endsWith(`/${path}`)).map(({ hex }) => hex));
  return ending.size === 1 ? [...ending][0] : undefined;
}

/**
 * The published digest of a file: from `FILE.sha512`, else `FILE.sha256` or `FILE.sha256sum`, else the SHA512SUMS or
 * SHA256SUMS of the version's directory. Undefined when none is published. Throws when one cannot be fetched or parsed.
 */
export async function publishedChecksum(
  url: string,
  text: (url: string) => Promise<string>,
): Promise<Expected | undefined> {
  for (const suffix of ['.sha512', '.sha256', '.sha256sum']) {
    const algorithm = suffix === '.sha512' ? 'sha512' : 'sha256';
    const from = suffixed(url, suffix);
    const found = await ifExists(() => text(from));
    if (found === undefined) continue;
    const hex = parseChecksum(found, algorithm);
    if (hex === undefined) throw new RunError(`${redactUrl(from)} contains no ${algorithm} checksum`);
    return { algorithm, hex, from: redactUrl(from) };
  }
  for (const algorithm of ['sha512', 'sha256'] as const) {
    for (const { directory, path } of directoriesOf(url)) {
      const from = suffixed(directory, `${algorithm.toUpperCase()}SUMS`);
      const hex = findInSums((await ifExists(() => text(from))) ?? '', algorithm, path);
      if (hex !== undefined) return { algorithm, hex, from: redactUrl(from) };
    }
  }
  return undefined;
}

/** Undefined for a missing object. Buckets that cannot be listed anonymously answer 403 for one. */
async function ifExists(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof FetchError && [403, 404, 410].includes(error.status ?? 0)) return undefined;
    throw error;
  }
}

/** The URL with a suffix added to its path. */
function suffixed(url: string, suffix: string): string {
  const parsed = new URL(url);
  parsed.pathname += suffix;
  return parsed.href;
}

/** The directory of a file, and the directory above it that is named after a version. */
function directoriesOf(url: string): { directory: string; path: string }[] {
  const parsed = new URL(url);
  const segments = parsed.pathname.split('/');
  const at = segments.findLastIndex((segment) => parseVersion(decodeURIComponent(segment)) !== undefined);
  const depths = new Set([segments.length - 1, ...(at >= 0 && at < segments.length - 1 ? [at + 1] : [])]);
  return [...depths].map((depth) => {
    parsed.pathname = `${segments.slice(0, depth).join('/')}/`;
    return { directory: parsed.href, path: segments.slice(depth).map(decodeURIComponent).join('/') };
  });
}
