import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { UsageError } from '../../src/api/errors.ts';
import type { ExecOptions } from '../../src/api/exec.ts';
import type { Run } from '../../src/api/run.ts';
import { findProgram } from '../../src/system/find-program.ts';
import type { Cluster } from './cluster.ts';
import { inheritedEnvironment } from './environment.ts';

/** Runs one of the scripts below `cluster/` of the tree. Throws CommandError when it fails. */
export async function runScript(
  run: Run,
  cluster: Cluster,
  [script = '', ...args]: readonly string[],
  options: ExecOptions,
): Promise<void> {
  const env = { ...(await scriptEnvironment(run, cluster)), ...options.env };
  await run.exec([join(cluster.repoRoot, 'cluster', script), ...args], { ...options, env });
}

/** The whole environment of the scripts. Without a kubectl KUBECTL_PATH is not set, and the scripts search for one. */
export async function scriptEnvironment(run: Run, cluster: Cluster): Promise<Env> {
  const kubectl = await findKubectl(run, cluster.repoRoot);
  return {
    ...inheritedEnvironment(run.env),
    ...(kubectl === undefined ? {} : { KUBECTL_PATH: kubectl }),
    ...cluster.variables,
  };
}

/** The kubectl for the scripts: the one in the run directory, on PATH, or downloaded by get-kube.sh. */
export async function findKubectl(run: Run, repoRoot: string): Promise<string | undefined> {
  const built = join(run.dir, 'kubectl');
  if (await isFile(built)) return built;
  const onPath = findProgram('kubectl', run.env, run.cwd);
  if (onPath !== undefined) return onPath;
  const downloaded = join(repoRoot, 'kubernetes', 'client', 'bin', 'kubectl');
  return (await isFile(downloaded)) ? downloaded : undefined;
}

/** Throws UsageError when a script is missing in the tree. */
export async function checkScripts(repoRoot: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(repoRoot, 'cluster', name);
    if (!(await isFile(path))) {
      throw new UsageError(
        `${path} does not exist: --repo-root must be a Kubernetes source tree with the kube-up scripts`,
      );
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

export const enableCommand = (project: string): string[] => [
  ...['gcloud', 'services', 'enable', 'compute.googleapis.com', `--project=${project}`, '--quiet'],
];
