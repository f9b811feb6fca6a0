import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { isProgram } from '../../src/system/find-program.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import { buildClusterloader } from './build.ts';

/**
 * The clusterloader2 to run: a path, one downloaded from a URL, or one built from the repository. Throws UsageError for a
 * path that is not executable.
 * @param directory the clusterloader2 directory of the repository
 */
export async function findBinary(
  binary: string,
  directory: string | undefined,
  run: Run,
  signal: AbortSignal,
): Promise<string> {
  if (/^(https?|gs|file):\/\//.test(binary)) return await download(binary, run, signal);
  if (binary === '' && directory !== undefined) return await buildClusterloader(directory, run, signal);
  const path = resolve(run.cwd, binary);
  if (!isProgram(path)) throw new UsageError(`invalid --binary ${path}: not an executable file`);
  return path;
}

async function download(url: string, run: Run, signal: AbortSignal): Promise<string> {
  const { openAcquirer } = await import('../../src/download/open-downloader.ts');
  const acquirer = openAcquirer(run.acquire, run);
  try {
    const cached = await acquirer.file(url, {
      signal,
      expectBinaryFor: hostPlatform(),
    });
    await mkdir(run.dir, { recursive: true });
    const program = join(run.dir, 'clusterloader2');
    await acquirer.place(cached, program);
    return program;
  } finally {
    await acquirer.close();
  }
}
