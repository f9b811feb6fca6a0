import { readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { BINARY_NAMES, type BinaryName, digestOf } from './test-binary.ts';

/**
 * The digests of the binaries that were placed in a run directory. In a file there, since a tester that runs as a program
 * of its own has no other state between calls.
 */
const FILE = 'test-package.json';

/** Records which binaries are about to be placed in a run directory. */
export async function recordPlaced(dir: string, digests: Readonly<Record<BinaryName, string>>): Promise<void> {
  await writeAtomic(join(dir, FILE), JSON.stringify(digests));
}

/** The path of a binary in a run directory that was not placed there but built; undefined when there is none. */
export async function builtProgram(dir: string, signal: AbortSignal): Promise<string | undefined> {
  let placed: Partial<Record<BinaryName, string>> | undefined;
  for (const name of BINARY_NAMES) {
    const path = join(dir, name);
    const target = await readlink(path).catch((error: NodeJS.ErrnoException) => error.code);
    if (target === 'ENOENT') continue;
    placed ??= await readPlaced(dir);
    const digest = placed[name];
    if (digest === undefined) return path;
    // A link to the cache needs no hashing: its files are named by their digests.
    if (basename(target ?? '') !== digest && (await digestOf(path, signal)) !== digest) return path;
  }
  return undefined;
}

async function readPlaced(dir: string): Promise<Partial<Record<BinaryName, string>>> {
  try {
    return JSON.parse(await readFile(join(dir, FILE), 'utf8')) as Partial<Record<BinaryName, string>>;
  } catch {
    return {};
  }
}
