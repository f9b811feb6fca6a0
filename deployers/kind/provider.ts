import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Run } from '../../src/run.ts';
import type { KindValues } from './flags.ts';

/**
 * The container provider that kind will use: the flag's, the one in kind's own variable, else as kind looks for them:
 * the first of docker, nerdctl, podman and finch that is installed, else docker.
 */
export function chooseProvider(values: KindValues, { env, cwd }: Pick<Run, 'env' | 'cwd'>): string {
  const named = values.provider || env['KIND_EXPERIMENTAL_PROVIDER'];
  if (named !== undefined && PROVIDERS.includes(named)) return named;
  return PROVIDERS.find((name) => onPath(name, env['PATH'], cwd) !== undefined) ?? 'docker';
}

/** Where a program is on PATH, as execvp would find it; undefined when it is not. */
export function onPath(name: string, path: string | undefined, cwd: string): string | undefined {
  const candidates = (path ?? '').split(delimiter).map((folder) => join(resolve(cwd, folder || '.'), name));
  return candidates.find(isProgram);
}

const PROVIDERS: readonly string[] = ['docker', 'nerdctl', 'podman', 'finch'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
