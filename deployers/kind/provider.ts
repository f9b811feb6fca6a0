import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Run } from '../../src/api/run.ts';
import type { KindValues } from './flags.ts';

/** The variable by which kind is told what to use. */
export const PROVIDER_VARIABLE = 'KIND_EXPERIMENTAL_PROVIDER';

/**
 * The container provider that kind will use, by the name of its program: the one that has the run's cluster, the flag's,
 * the one in kind's own variable, else as kind looks for them: the first of docker, nerdctl, finch and podman that is
 * installed, else docker.
 */
export function chooseProvider(values: KindValues, run: Pick<Run, 'env' | 'cwd' | 'state'>): string {
  const { env, cwd } = run;
  const named = run.state.recall('kind-provider') ?? (values.provider || env[PROVIDER_VARIABLE]);
  if (named !== undefined && [...LOOKED_FOR, 'nerdctl.lima'].includes(named)) return named;
  return LOOKED_FOR.find((name) => onPath(name, env['PATH'], cwd) !== undefined) ?? 'docker';
}

/** Where a program is on PATH, as execvp would find it; undefined when it is not. */
export function onPath(name: string, path: string | undefined, cwd: string): string | undefined {
  const candidates = (path ?? '').split(delimiter).map((folder) => join(resolve(cwd, folder || '.'), name));
  return candidates.find(isProgram);
}

const LOOKED_FOR: readonly string[] = ['docker', 'nerdctl', 'finch', 'podman'];

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
