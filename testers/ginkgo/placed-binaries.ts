import { readFile, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { BINARY_NAMES, type BinaryName, digestOf } from './test-binary.ts';

/**
 * The digests of the programs that were placed in a run directory. A file there, since a tester that is a program of
 * its own remembers nothing else from one call to the next.
 */
const FILE = 'test-package.json';

/** Says which programs are about to be placed in a run directory. */
export async function rememberPlaced(dir: string, digests: Readonly<Record<BinaryName, string>>): Promise<void> {
  await writeAtomic(join(dir, FILE), JSON.stringify(digests));
}

/** The path of a test program in a run directory that was not placed there but built; undefined when there is none. */
export async function builtProgram(dir: string, signal: AbortSignal): Promise<string | undefined> {
  let placed: Partial<Record<BinaryName, string>> | undefined;
  for (const name of BINARY_NAMES) {
    const path = join(dir, name);
    const target = await readlink(path).catch((error: NodeJS.ErrnoException) => error.code);
    if (target === 'ENOENT') continue;
    placed ??= await readPlaced(dir);
    const digest = placed[name];
    if (digest === undefined) return path;
    // A link leads to the cache, whose files are named by their digests; nothing need be read then.
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
