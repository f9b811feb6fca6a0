import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RunError } from '../../src/api/errors.ts';
import type { Notes } from '../../src/download/downloader.ts';
import type { Seen } from '../../src/kube/skew/rules.ts';

export const BINARY_NAMES = ['e2e.test', 'ginkgo', 'kubectl'] as const;
export type BinaryName = (typeof BINARY_NAMES)[number];

/** One program of the tests. */
export interface Binary {
  /** Absolute. */
  readonly path: string;
  /** Where it came from: `built`, `PATH`, or an address. */
  readonly origin: string;
  readonly sha256: string;
  /** What is noted of its bytes; absent for programs from elsewhere, which may be scripts that hand over to others. */
  readonly notes?: Notes;
}

export interface Binaries {
  readonly programs: Readonly<Record<BinaryName, Binary>>;
  /** Of the test package; for binaries from elsewhere what the command line says, or undefined. */
  readonly packageVersion: string | undefined;
}

/**
 * What a program says of itself, asked once for all runs with the same bytes. What it did not say is asked again.
 * `what` names the program too: one file may answer to several names.
 */
export async function askOnce<T>({ notes }: Binary, what: string, ask: () => Promise<Seen<T>>): Promise<Seen<T>> {
  const noted = await notes?.read(what);
  if (noted !== undefined) return { value: noted as T };
  const seen = await ask();
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
    throw new RunError(`${path} cannot be read`, { cause: error });
  }
  return hash.digest('hex');
}
