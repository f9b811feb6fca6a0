import { resolve } from 'node:path';
import { RunError, UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { findProgram, isProgram } from '../../src/system/find-program.ts';
import type { KindValues } from './flags.ts';

/**
 * The kind binary of --kind-version, or the one that created the run's cluster: a path, or a name on PATH. Downloads and
 * verifies a release, the CI build or a URL. Throws RunError when there is none, UsageError for an invalid value.
 */
export async function findKind({ kindVersion, kindUrl }: KindValues, run: Run, signal: AbortSignal): Promise<string> {
  const used = run.state.recall('kind-program');
  if (kindVersion === '' && used?.includes('/') && isProgram(used)) return used;
  if (kindVersion === 'path' || kindVersion === '') {
    if (findProgram('kind', run.env, run.cwd) !== undefined) return 'kind';
    if (kindVersion === 'path') throw new RunError('kind not found on PATH (--kind-version=path)');
  }
  const isUrl = /^(https?|gs|file):\/\//.test(kindVersion);
  if (kindVersion.includes('/') && !isUrl) return programAt(resolve(run.cwd, kindVersion));
  const version = /^\d+\.\d+\.\d+/.test(kindVersion) ? `v${kindVersion}` : kindVersion;
  if (!isUrl && !/^$|^latest$|^ci$|^v\d+\.\d+\.\d+/.test(version)) {
    throw new UsageError(
      `invalid --kind-version ${JSON.stringify(version)}: expected a release (v0.33.0), latest, ci, path, a URL or the path of a binary`,
    );
  }
  const { fetchKind } = await import('./fetch-kind.ts');
  return await fetchKind({ version, from: kindUrl.replace(/\/+$/, '') }, run, signal);
}

function programAt(path: string): string {
  if (isProgram(path)) return path;
  throw new UsageError(`invalid --kind-version ${path}: not an executable file`);
}
