import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecOptions, Finished } from '../../src/api/exec.ts';
import type { Run } from '../../src/api/run.ts';
import { explain } from './failures.ts';
import type { KindValues } from './flags.ts';
import { PROVIDER_VARIABLE } from './provider.ts';

/** What the verbs of one run share: who it is, and the programs it works with. */
export interface Tools {
  readonly run: Run;
  readonly values: KindValues;
  /** The kind program, a path or a name on PATH. */
  readonly kind: string;
  /** docker, podman, nerdctl or finch: the program that has the containers. */
  readonly provider: string;
}

/** Runs kind. A failure that is known comes as a sentence with its remedy. */
export async function runKind(tools: Tools, words: readonly string[], options: ExecOptions): Promise<Finished> {
  const { run, values, kind, provider } = tools;
  const itsOwnChoice = provider === 'docker' && values.provider === '' && !run.env[PROVIDER_VARIABLE];
  const env = itsOwnChoice ? run.env : { ...run.env, [PROVIDER_VARIABLE]: provider };
  return await explained(() => run.exec([kind, ...words], { env, ...options }), options.signal);
}

/** Runs the container provider's own command line. A failure that is known comes as a sentence with its remedy. */
export async function runProvider(
  { run, provider }: Tools,
  words: readonly string[],
  options: ExecOptions,
): Promise<Finished> {
  return await explained(() => run.exec([provider, ...words], options), options.signal);
}

/** The same, and gives its output, line by line. */
export async function askProvider(tools: Tools, words: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { stdout } = await runProvider(tools, words, { signal, output: 'capture' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The kubeconfig of this run's cluster: an absolute path. */
export function kubeconfigPath({ run, values }: Pick<Tools, 'run' | 'values'>): string {
  if (values.kubeconfig !== '') return resolve(run.cwd, values.kubeconfig);
  return run.state.recall('kubeconfig-path') ?? join(run.dir, 'kubeconfig');
}

/** A kind that was killed leaves its lock, and the next one fails on it. Nobody else uses the run's own file. */
export async function breakKubeconfigLock(tools: Tools): Promise<void> {
  const path = kubeconfigPath(tools);
  if (path === join(tools.run.dir, 'kubeconfig')) await rm(`${path}.lock`, { force: true });
}

async function explained<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error);
  }
}
