import { delimiter, join } from 'node:path';
import { RunError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { Acquirer } from '../../src/download/downloader.ts';
import { findProgram, isProgram } from '../../src/system/find-program.ts';
import type { GinkgoValues } from './flags.ts';
import { acquirePackage } from './package.ts';
import { BINARY_NAMES, type Binaries, type Binary, type BinaryName, digestOf } from './test-binary.ts';

/** The binaries that Build put into the run directory, those on PATH, or those of the test package, depending on the flags. */
export async function findBinaries(
  values: GinkgoValues,
  run: Run,
  open: () => Promise<Acquirer>,
  signal: AbortSignal,
): Promise<Binaries> {
  const packageVersion = values.testPackageVersion || undefined;
  if (values.useBuiltBinaries) return { programs: await forEach(built(run), signal), packageVersion };
  if (values.useBinariesFromPath) return { programs: await forEach(onPath(run), signal), packageVersion };
  return await acquirePackage(values, run, open, signal);
}

/** Throws UsageError for flags that exclude each other. */
export function checkSources(values: GinkgoValues): void {
  if (values.useBuiltBinaries && values.useBinariesFromPath) {
    throw new UsageError('--use-built-binaries and --use-binaries-from-path cannot be used together');
  }
}

type Find = (name: BinaryName) => Promise<{ path: string; origin: string }>;

function built(run: Run): Find {
  return async (name) => {
    const path = join(run.dir, name);
    if (isProgram(path)) return { path, origin: 'built' };
    throw new RunError(
      `no built ${name} at ${path} (--use-built-binaries): build it in this run with --build, or remove the flag to download a test package`,
    );
  };
}

/** The run directory comes first, as on the PATH of all processes of a run. */
function onPath({ dir, env, cwd }: Run): Find {
  const path = [dir, env['PATH'] ?? ''].join(delimiter);
  return async (name) => {
    const found = findProgram(name, { PATH: path }, cwd);
    if (found !== undefined) return { path: found, origin: 'PATH' };
    throw new RunError(`${name} not found on PATH (--use-binaries-from-path)`);
  };
}

async function forEach(find: Find, signal: AbortSignal): Promise<Record<BinaryName, Binary>> {
  const found = await Promise.all(
    BINARY_NAMES.map(async (name) => {
      const { path, origin } = await find(name);
      return [name, { path, origin, sha256: await digestOf(path, signal) }] as const;
    }),
  );
  return Object.fromEntries(found) as Record<BinaryName, Binary>;
}
