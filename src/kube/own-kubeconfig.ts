import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';

/**
 * The kubeconfig of a cluster that the run did not create: the one of `--kubeconfig`, which must exist, else
 * `$KUBECONFIG` (a list of paths, as kubectl reads it), else `~/.kube/config` if it exists; undefined when there is none.
 * Paths are absolute. Throws RunError when `specified` does not exist.
 */
export function ownKubeconfig(specified: string, { env, cwd }: Pick<Run, 'env' | 'cwd'>): string | undefined {
  if (specified !== '') {
    const path = resolve(cwd, specified);
    if (existsSync(path)) return path;
    throw new RunError(
      `invalid --kubeconfig: file ${path} does not exist; set another, or remove the flag to use $KUBECONFIG or ~/.kube/config`,
    );
  }
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) return files.map((file) => resolve(cwd, file)).join(delimiter);
  const home = env['HOME'] ? join(env['HOME'], '.kube', 'config') : undefined;
  return home !== undefined && existsSync(home) ? home : undefined;
}
