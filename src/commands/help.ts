import { findPlugins } from '../plugins/find.ts';
import type { Registry } from '../registry.ts';
import type { World } from '../world.ts';
import { commands } from './index.ts';

/** The help of the launcher: how to call it, and what there is. */
export function launcherHelp({ deployers, testers }: Registry, { env, cwd }: Pick<World, 'env' | 'cwd'>): string {
  const plugins = findPlugins(env, cwd).filter(
    ({ kind, name }) => !(kind === 'deployer' ? deployers : testers).some((own) => own.name === name),
  );
  const onPath = (kind: 'deployer' | 'tester') =>
    plugins.filter((plugin) => plugin.kind === kind).map(({ name, path }) => [name, path] as const);
  return [
    'Usage:',
    '  kubetest2-ts DEPLOYER [flags] -- [tester args]',
    '  kubetest2-ts COMMAND',
    '',
    "Builds Kubernetes, brings a cluster up, runs tests on it, takes it down, and leaves the records that Prow's",
    'tools read. What is asked for with --build, --up, --test and --down is done in that order.',
    '',
    'Deployers:',
    ...table([...deployers.map(({ name, summary }) => [name, summary] as const), ...onPath('deployer')]),
    '',
    'Testers, for --test=:',
    ...table([...testers.map(({ name, summary }) => [name, summary] as const), ...onPath('tester')]),
    '',
    'Commands:',
    ...table(
      commands
        .filter(({ hidden }) => !hidden)
        .map(({ name, usage, summary }) => [`${name} ${usage}`.trim(), summary] as const),
    ),
    '',
    'For example:',
    '  kubetest2-ts noop --test=exec -- kubectl get nodes',
    '',
    'kubetest2-ts DEPLOYER --test=TESTER --help shows the flags of both.',
    '',
  ].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const wide = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(wide)}  ${text}`.trimEnd());
}
