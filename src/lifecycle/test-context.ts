import { delimiter } from 'node:path';
import type { Deployer } from '../api/deployer.ts';
import type { Env } from '../api/env.ts';
import type { Log } from '../api/log.ts';
import type { Run } from '../api/run.ts';
import type { TestContext } from '../api/tester.ts';
import { expandEnv } from '../system/expand-env.ts';
import type { RecordedRun } from './recorded-run.ts';

/**
 * What the tester and the hooks are given, taken after Up: the environment as the deployer left it, its outputs, and
 * kubetest2's own variables. Mirrors what kubetest2 sets in pkg/app/app.go.
 */
export async function testContext(run: RecordedRun, deployer: Deployer): Promise<TestContext> {
  const kubeconfig = (await deployer.kubeconfig?.()) ?? (deployer.kubeconfig ? undefined : run.state.kubeconfig);
  return { env: { ...run.env, ...added(run, deployer, kubeconfig) }, kubeconfig, provider: deployer.provider };
}

/** The same before Up, as far as it can be known, for `--dry-run`. */
export async function plannedContext(
  run: RecordedRun,
  deployer: Deployer,
): Promise<TestContext & { readonly added: Env }> {
  const kubeconfig = deployer.kubeconfigPath?.() ?? (await deployer.kubeconfig?.()) ?? run.state.kubeconfig;
  const more = added(run, deployer, kubeconfig);
  return { env: { ...run.env, ...more }, added: more, kubeconfig, provider: deployer.provider };
}

/** What is added to the environment of the run. */
function added(run: RecordedRun, deployer: Deployer, kubeconfig: string | undefined): Env {
  return {
    ...run.state.outputs,
    ...deployer.outputs?.(),
    ...runVariables(run),
    ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
  };
}

/** The variables that tell a program which run it belongs to, with the run directory first on PATH. */
export function runVariables(run: Pick<Run, 'id' | 'dir' | 'artifacts' | 'env'>): Env {
  const path = run.env['PATH'];
  return {
    PATH: path === undefined || path === '' ? run.dir : `${run.dir}${delimiter}${path}`,
    ARTIFACTS: run.artifacts,
    KUBETEST2_RUN_DIR: run.dir,
    KUBETEST2_RUN_ID: run.id,
  };
}

/** The command of a hook, with its variables expanded from the environment it will run in. */
export function expandCommand(command: readonly string[], env: Env, log: Log): string[] {
  const unset = new Set<string>();
  const expanded = command.map((arg) => expandEnv(arg, env, (name) => unset.add(name)));
  for (const name of unset) log.warn(`$${name} is not set, expanding it to nothing in: ${command.join(' ')}`);
  return expanded;
}
