import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RunError } from '../../src/api/errors.ts';
import type { Notes } from '../../src/download/downloader.ts';
import type { Seen } from '../../src/kube/skew/rules.ts';
import { reasonOf } from '../../src/system/system-error.ts';

export const BINARY_NAMES = ['e2e.test', 'ginkgo', 'kubectl'] as const;
export type BinaryName = (typeof BINARY_NAMES)[number];

/** One binary of the tests. */
export interface Binary {
  /** Absolute. */
  readonly path: string;
  /** Where it is from: `built`, `PATH`, or a URL. */
  readonly origin: string;
  readonly sha256: string;
  /** Cached facts about its bytes; absent for other binaries, which may be scripts that run others. */
  readonly notes?: Notes;
}

export interface Binaries {
  readonly programs: Readonly<Record<BinaryName, Binary>>;
  /** Of the test package; for other binaries that of the flag, or undefined. */
  readonly packageVersion: string | undefined;
}

/**
 * A fact that a binary reports about itself, cached for all runs with the same bytes. Unknown facts are not cached.
 * `what` includes the name of the program, since one file may have several.
 */
export async function cachedProbe<T>({ notes }: Binary, what: string, probe: () => Promise<Seen<T>>): Promise<Seen<T>> {
  const cached = await notes?.read(what);
  if (cached !== undefined) return { value: cached as T };
  const seen = await probe();
  if ('value' in seen) await notes?.write(what, seen.value);
  return seen;
}

/** Lower-case hex. Throws RunError when the file cannot be read, the signal's reason when it aborts. */
export async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  }
  return hash.digest('hex');
}
