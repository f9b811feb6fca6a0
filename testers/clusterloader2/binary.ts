import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { platformOf } from '../../src/system/platform.ts';
import { buildClusterloader } from './build.ts';

/**
 * The clusterloader2 to run: a path, what a URL gives, or one built from the repository. Throws UsageError for a path
 * where no program is.
 * @param folder the clusterloader2 folder of the repository
 */
export async function findBinary(
  binary: string,
  folder: string | undefined,
  run: Run,
  signal: AbortSignal,
): Promise<string> {
  if (/^(https?|gs|file):\/\//.test(binary)) return await download(binary, run, signal);
  if (binary === '' && folder !== undefined) return await buildClusterloader(folder, run, signal);
  const path = resolve(run.cwd, binary);
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    throw new UsageError(`--binary: ${path} is not a program that can be run`, { cause: error });
  }
  return path;
}

async function download(url: string, run: Run, signal: AbortSignal): Promise<string> {
  const { openAcquirer } = await import('../../src/download/open-downloader.ts');
  const acquirer = openAcquirer(run.acquire, run);
  try {
    const cached = await acquirer.file(url, {
      signal,
      expectBinaryFor: platformOf({ platform: platform(), arch: arch() }),
    });
    await mkdir(run.dir, { recursive: true });
    const program = join(run.dir, 'clusterloader2');
    await acquirer.place(cached, program);
    return program;
  } finally {
    await acquirer.close();
  }
}
