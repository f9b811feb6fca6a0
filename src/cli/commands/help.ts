import type { Registry } from '../../api/registry.ts';
import { findPlugins } from '../../plugins/find-plugins.ts';
import type { World } from '../../runtime/world.ts';
import { wrap } from '../flags/help.ts';
import { type Command, commands } from './index.ts';

/** The help of the launcher: how to call it, and what there is. */
export function launcherHelp({ deployers, testers }: Registry, { env, cwd, stdout }: HelpWorld): string {
  const columns = columnsOf({ env, stdout });
  const plugins = findPlugins(env, cwd).filter(
    ({ kind, name }) => !(kind === 'deployer' ? deployers : testers).some((own) => own.name === name),
  );
  const onPath = (kind: 'deployer' | 'tester') =>
    plugins.filter((plugin) => plugin.kind === kind).map(({ name, path }) => [name, path] as const);
  const shown = commands.filter(({ hidden }) => !hidden);
  return [
    'Usage:',
    '  kubetest2-ts DEPLOYER [flags] -- [tester args]',
    '  kubetest2-ts COMMAND',
    '',
    ...wrap(
      "Builds Kubernetes, brings a cluster up, runs tests on it, takes it down, and leaves the records that Prow's " +
        'tools read. What is asked for with --build, --up, --test and --down is done in that order.',
      columns,
    ),
    '',
    'Deployers:',
    ...table([...deployers.map(({ name, summary }) => [name, summary] as const), ...onPath('deployer')], columns),
    '',
    'Testers, for --test=:',
    ...table([...testers.map(({ name, summary }) => [name, summary] as const), ...onPath('tester')], columns),
    '',
    'Commands:',
    ...table(
      shown.map(({ name, summary }) => [name, summary] as const),
      columns,
    ),
    '',
    'For example:',
    '  kubetest2-ts noop --test=exec -- kubectl get nodes',
    '',
    ...wrap(
      'kubetest2-ts DEPLOYER --test=TESTER --help shows the flags of both, kubetest2-ts COMMAND --help how a command is called.',
      columns,
    ),
    '',
  ].join('\n');
}

/** The help of a command that has no more to tell than this. */
export function commandHelp({ name, usage, summary }: Command, world: Pick<World, 'env' | 'stdout'>): string {
  const about = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
  return ['Usage:', `  kubetest2-ts ${name} ${usage}`.trimEnd(), '', ...wrap(about, columnsOf(world)), ''].join('\n');
}

type HelpWorld = Pick<World, 'env' | 'cwd' | 'stdout'>;

function columnsOf({ env, stdout }: Pick<World, 'env' | 'stdout'>): number {
  return Math.max(stdout.columns || Number(env['COLUMNS']) || 80, 40);
}

function table(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const wide = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.flatMap(([name, text]) => {
    const [first = '', ...more] = wrap(text, columns - wide - 4);
    return [`  ${name.padEnd(wide)}  ${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(wide + 4)}${line}`)];
  });
}
