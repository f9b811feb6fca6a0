import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ExecOptions, Finished } from '../../src/api/exec.ts';
import type { Run } from '../../src/api/run.ts';
import { reasonOf } from '../../src/system/system-error.ts';
import { explain } from './failures.ts';
import type { KindValues } from './flags.ts';
import { PROVIDER_VARIABLE } from './provider.ts';

/** What the steps of one run share: the run, its flags, and the programs it uses. */
export interface Tools {
  readonly run: Run;
  readonly values: KindValues;
  /** The kind binary, a path or a name on PATH. */
  readonly kind: string;
  /** docker, podman, nerdctl or finch: the command line of the container provider. */
  readonly provider: string;
}

/** Runs kind. Known failures get a message with a fix. */
export async function runKind(tools: Tools, args: readonly string[], options: ExecOptions): Promise<Finished> {
  const { run, values, kind, provider } = tools;
  const isKindsChoice = provider === 'docker' && values.provider === '' && !run.env[PROVIDER_VARIABLE];
  const env = isKindsChoice ? run.env : { ...run.env, [PROVIDER_VARIABLE]: provider };
  return await explained(() => run.exec([kind, ...args], { env, ...options }), options.signal);
}

/** Runs the container provider's command line. Known failures get a message with a fix. */
export async function runProvider(
  { run, provider }: Tools,
  args: readonly string[],
  options: ExecOptions,
): Promise<Finished> {
  return await explained(() => run.exec([provider, ...args], options), options.signal);
}

/** Runs the container provider's command line and returns the lines of its output. */
export async function linesOfProvider(tools: Tools, args: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { stdout } = await runProvider(tools, args, { signal, output: 'capture' });
  return stdout.split('\n').filter((line) => line !== '');
}

/** The kubeconfig of this run's cluster: an absolute path. */
export function kubeconfigPath({ run, values }: Pick<Tools, 'run' | 'values'>): string {
  if (values.kubeconfig !== '') return resolve(run.cwd, values.kubeconfig);
  return run.state.recall('kubeconfig-path') ?? join(run.dir, 'kubeconfig');
}

/** Removes the lock that a killed kind has left. Only for the run's own kubeconfig, which no other process uses. */
export async function breakKubeconfigLock(tools: Tools): Promise<void> {
  const path = kubeconfigPath(tools);
  if (path !== join(tools.run.dir, 'kubeconfig')) return;
  try {
    await rm(`${path}.lock`, { force: true });
  } catch (error) {
    tools.run.log.warn(`Cannot remove the lock of ${path}, kind may wait for it: ${reasonOf(error)}`);
  }
}

async function explained<T>(action: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await action();
  } catch (error) {
    signal.throwIfAborted();
    throw explain(error);
  }
}
