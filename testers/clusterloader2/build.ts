import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { exists } from './files.ts';

/**
 * Builds clusterloader2 from a checkout of perf-tests and returns its path. A clean checkout is built once for each commit
 * and toolchain and kept in the cache; one with changes is built into the run directory.
 * Throws RunError when the build fails.
 * @param directory the clusterloader2 directory of the checkout
 */
export async function buildClusterloader(directory: string, run: Run, signal: AbortSignal): Promise<string> {
  const key = await cacheKey(directory, run, signal);
  const program =
    key === undefined
      ? join(run.dir, 'clusterloader2')
      : join(run.acquire.cacheDir, 'clusterloader2', key, 'clusterloader2');
  if (key !== undefined && (await exists(program))) {
    run.log.info(`Using cached build of clusterloader2: ${program}`);
    return program;
  }
  run.log.info(`Building clusterloader2 in ${directory}`);
  const scratch = `${program}.${run.id.replaceAll(/[^\w.-]/g, '_')}`;
  await mkdir(dirname(program), { recursive: true });
  try {
    await run.exec(['go', 'build', '-o', scratch, './cmd/'], { signal, cwd: directory, output: 'log' });
    await rename(scratch, program);
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(
      `cannot build clusterloader2: ${messageOf(error)}; set --binary to use a built one, which needs no Go toolchain`,
      { cause: error },
    );
  } finally {
    await rm(scratch, { force: true });
  }
  return program;
}

/** The commit and toolchain that a build depends on; undefined when the checkout has changes, or is not one. */
async function cacheKey(directory: string, run: Run, signal: AbortSignal): Promise<string | undefined> {
  const outputOf = async (...argv: string[]) =>
    (await run.exec(argv, { signal, cwd: directory, output: 'capture' })).stdout.trim();
  try {
    const [commit, changes] = [
      await outputOf('git', 'rev-parse', 'HEAD'),
      await outputOf('git', 'status', '--porcelain', '.'),
    ];
    if (changes !== '' || !/^[0-9a-f]{40,}$/.test(commit)) return undefined;
    const toolchain = await outputOf('go', 'env', 'GOVERSION', 'GOOS', 'GOARCH', 'GOFLAGS', 'CGO_ENABLED');
    return [commit, ...toolchain.split('\n')].join('-').replaceAll(/[^\w.-]+/g, '_');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
