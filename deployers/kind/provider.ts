import type { Run } from '../../src/api/run.ts';
import { findProgram } from '../../src/system/find-program.ts';
import type { KindValues } from './flags.ts';

/** kind's own variable for the provider. */
export const PROVIDER_VARIABLE = 'KIND_EXPERIMENTAL_PROVIDER';

/**
 * The container provider that kind will use, by the name of its binary: that of the run's cluster, of the flag, or of
 * kind's own variable, else as kind detects it: the first of docker, nerdctl, finch and podman on PATH, else docker.
 */
export function chooseProvider(values: KindValues, run: Pick<Run, 'env' | 'cwd' | 'state'>): string {
  const { env, cwd } = run;
  const specified = run.state.recall('kind-provider') ?? (values.provider || env[PROVIDER_VARIABLE]);
  if (specified !== undefined && [...DETECTED, 'nerdctl.lima'].includes(specified)) return specified;
  return DETECTED.find((name) => findProgram(name, env, cwd) !== undefined) ?? 'docker';
}

/** In kind's order. */
const DETECTED: readonly string[] = ['docker', 'nerdctl', 'finch', 'podman'];
