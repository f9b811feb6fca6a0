import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecOptions, Finished } from '../../src/command.ts';
import type { Run } from '../../src/run.ts';
import { explain } from './failures.ts';
import type { KindValues } from './flags.ts';

/** What the verbs of one run share: who it is, and the programs it works with. */
export interface Tools {
  readonly run: Run;
  readonly values: KindValues;
  /** The kind program, a path or a name on PATH. */
  readonly kind: string;
  /** docker, podman, nerdctl or finch. */
  readonly provider: string;
}

/** Runs kind. A failure that is known comes as a sentence with its remedy. */
export async function runKind(tools: Tools, words: readonly string[], options: ExecOptions): Promise<Finished> {
  const { run, values, kind, provider } = tools;
  const chosen = values.provider !== '' || provider !== 'docker';
  const env = chosen ? { ...run.env, KIND_EXPERIMENTAL_PROVIDER: provider } : run.env;
  return await explained(() => run.exec([kind, ...words], { env, ...options }), options.signal);
}

/** Runs the container provider's own command line and gives its output, line by line. */
export async function askProvider(
  { run, provider }: Tools,
  words: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const ask = () => run.exec([provider, ...words], { signal, output: 'capture' });
  const { stdout } = await explained(ask, signal);
  return stdout.split('\n').filter((line) => line !== '');
}

/** The kubeconfig of this run's cluster: an absolute path. */
export function kubeconfigPath({ run, values }: Pick<Tools, 'run' | 'values'>): string {
  if (values.kubeconfig !== '') return resolve(run.cwd, values.kubeconfig);
  return run.recall('kubeconfig-path') ?? join(run.dir, 'kubeconfig');
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
