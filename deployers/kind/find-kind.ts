import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RunError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import type { KindValues } from './flags.ts';
import { onPath } from './provider.ts';

/**
 * The kind program that --kind-version means, or that made the run's cluster: what to start. Downloads and verifies it
 * when it is a release, the CI build or an address. Throws RunError when there is none, UsageError for words that mean
 * nothing.
 */
export async function findKind({ kindVersion, kindUrl }: KindValues, run: Run, signal: AbortSignal): Promise<string> {
  const made = run.state.recall('kind-program');
  if (kindVersion === '' && made?.includes('/') && (await canRun(made))) return made;
  if (kindVersion === 'path' || kindVersion === '') {
    if (onPath('kind', run.env['PATH'], run.cwd) !== undefined) return 'kind';
    if (kindVersion === 'path') throw new RunError('--kind-version=path: there is no kind on PATH');
  }
  const isAddress = /^(https?|gs|file):\/\//.test(kindVersion);
  if (kindVersion.includes('/') && !isAddress) return await programAt(resolve(run.cwd, kindVersion));
  const version = /^\d+\.\d+\.\d+/.test(kindVersion) ? `v${kindVersion}` : kindVersion;
  if (!isAddress && !/^$|^latest$|^ci$|^v\d+\.\d+\.\d+/.test(version)) {
    throw new UsageError(`--kind-version: ${JSON.stringify(version)} is not a version, latest, ci, path or a path`);
  }
  const { fetchKind } = await import('./fetch-kind.ts');
  return await fetchKind({ version, from: kindUrl.replace(/\/+$/, '') }, run, signal);
}

async function programAt(path: string): Promise<string> {
  if (await canRun(path)) return path;
  throw new UsageError(`--kind-version: ${path} is not a program that can be run`);
}

async function canRun(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
