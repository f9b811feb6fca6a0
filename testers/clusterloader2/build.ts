import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { exists } from './files.ts';

/**
 * Builds clusterloader2 from a checkout of perf-tests and returns the program's path. A clean checkout is built once for
 * each commit and toolchain and kept in the cache; one with changes is built into the run dir.
 * Throws RunError when it cannot be built.
 * @param folder the clusterloader2 folder of the checkout
 */
export async function buildClusterloader(folder: string, run: Run, signal: AbortSignal): Promise<string> {
  const key = await cacheKey(folder, run, signal);
  const program =
    key === undefined
      ? join(run.dir, 'clusterloader2')
      : join(run.acquire.cacheDir, 'clusterloader2', key, 'clusterloader2');
  if (key !== undefined && (await exists(program))) {
    run.log.info(`clusterloader2 of this commit and toolchain was built before: ${program}`);
    return program;
  }
  run.log.info(`building clusterloader2 in ${folder}`);
  const scratch = `${program}.${run.id.replaceAll(/[^\w.-]/g, '_')}`;
  await mkdir(dirname(program), { recursive: true });
  try {
    await run.exec(['go', 'build', '-o', scratch, './cmd/'], { signal, cwd: folder, output: 'log' });
    await rename(scratch, program);
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(
      'clusterloader2 could not be built; --binary=PATH takes one that is, and needs no Go toolchain',
      { cause: error },
    );
  } finally {
    await rm(scratch, { force: true });
  }
  return program;
}

/** The commit and the toolchain a build depends on; undefined when the checkout has changes or is none. */
async function cacheKey(folder: string, run: Run, signal: AbortSignal): Promise<string | undefined> {
  const ask = async (...argv: string[]) =>
    (await run.exec(argv, { signal, cwd: folder, output: 'capture' })).stdout.trim();
  try {
    const [commit, changes] = [await ask('git', 'rev-parse', 'HEAD'), await ask('git', 'status', '--porcelain', '.')];
    if (changes !== '' || !/^[0-9a-f]{40,}$/.test(commit)) return undefined;
    const toolchain = await ask('go', 'env', 'GOVERSION', 'GOOS', 'GOARCH', 'GOFLAGS', 'CGO_ENABLED');
    return [commit, ...toolchain.split('\n')].join('-').replaceAll(/[^\w.-]+/g, '_');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
