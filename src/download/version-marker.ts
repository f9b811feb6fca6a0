import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { redactUrl } from '../text/redact-url.ts';
import { type Cache, writeWhole } from './cache/cache.ts';
import { versionIn } from './resolve-version.ts';

export interface MarkerOptions {
  readonly cache: Cache;
  readonly offline: boolean;
  readonly log: Log;
  /** Reads a small text from an address, past every cache. */
  readonly text: (url: string) => Promise<string>;
}

interface LastSeen {
  readonly version: string;
  /** When, as ISO 8601 has it. */
  readonly at: string;
}

/**
 * The version a marker holds now. Offline the one it held when it was last read here, with a warning.
 * Throws RunError when it cannot be read or holds no version.
 */
export async function readMarker(url: string, { cache, offline, log, text }: MarkerOptions): Promise<string> {
  const file = join(cache.dir, 'markers', `${cache.key(url)}.json`);
  if (offline) {
    const last = await lastSeen(file);
    if (last === undefined) throw new RunError(`${redactUrl(url)}: never read before, and --offline is given`);
    log.warn(`${redactUrl(url)}: offline, so it is ${last.version} as on ${last.at}`);
    return last.version;
  }
  const version = versionIn(await text(url), url);
  try {
    await writeWhole(file, JSON.stringify({ version, at: new Date().toISOString() } satisfies LastSeen));
  } catch (error) {
    log.detail(1, `not kept for --offline: ${messageOf(error)}`);
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
