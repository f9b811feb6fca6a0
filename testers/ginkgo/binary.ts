import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { RunError } from '../../src/errors.ts';

export const BINARY_NAMES = ['e2e.test', 'ginkgo', 'kubectl'] as const;
export type BinaryName = (typeof BINARY_NAMES)[number];

/** One program of the tests. */
export interface Binary {
  /** Absolute. */
  readonly path: string;
  /** Where it came from: `built`, `PATH`, or an address. */
  readonly origin: string;
  readonly sha256: string;
}

export interface Binaries {
  readonly programs: Readonly<Record<BinaryName, Binary>>;
  /** Of the test package; for binaries from elsewhere what the command line says, or undefined. */
  readonly packageVersion: string | undefined;
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
