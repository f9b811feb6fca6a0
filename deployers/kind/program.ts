import { resolve } from 'node:path';
import { RunError } from '../../src/errors.ts';
import type { Run } from '../../src/run.ts';
import { onPath } from './provider.ts';

/**
 * The kind program that `--kind-version` means: what to start. Downloads and verifies it when it is a release or the
 * CI build. Throws RunError when there is none.
 */
export async function findKind(version: string, run: Run, signal: AbortSignal): Promise<string> {
  const installed = () => onPath('kind', run.env['PATH'], run.cwd);
  if (version === 'path' || (version === '' && installed() !== undefined)) {
    if (installed() === undefined) throw new RunError('--kind-version=path: there is no kind on PATH');
    return 'kind';
  }
  if (version.includes('/')) return resolve(run.cwd, version);
  const { fetchKind } = await import('./fetch-kind.ts');
  return await fetchKind(version, run, signal);
}
