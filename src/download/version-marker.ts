import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { redactUrl } from '../text/redact-url.ts';
import { type Cache, cacheKey, writeWhole } from './cache/cache.ts';
import { parseMarker } from './version-name.ts';

export interface MarkerOptions {
  readonly cache: Cache;
  readonly offline: boolean;
  readonly log: Log;
  /** Reads a small text from a URL, bypassing caches. */
  readonly text: (url: string) => Promise<string>;
}

interface LastSeen {
  readonly version: string;
  /** When, in ISO 8601. */
  readonly at: string;
}

/**
 * The current version of a marker. Offline it is the version at the last time it was read here, with a warning.
 * Throws RunError when the marker cannot be read or contains no version.
 */
export async function readMarker(url: string, { cache, offline, log, text }: MarkerOptions): Promise<string> {
  const file = join(cache.dir, 'markers', `${cacheKey(url)}.json`);
  if (offline) {
    const last = await lastSeen(file);
    if (last === undefined) throw new RunError(`${redactUrl(url)} is not in the cache, and --offline is set`);
    log.warn(`Offline: using ${last.version} for ${redactUrl(url)}, as read at ${last.at}`);
    return last.version;
  }
  const version = parseMarker(await text(url), url);
  try {
    await writeWhole(file, JSON.stringify({ version, at: new Date().toISOString() } satisfies LastSeen));
  } catch (error) {
    log.detail(1, `Cannot cache ${redactUrl(url)} for --offline: ${messageOf(error)}`);
  }
  return version;
}

async function lastSeen(file: string): Promise<LastSeen | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as LastSeen;
  } catch {
    return undefined;
  }
}
