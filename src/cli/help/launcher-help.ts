import type { Registry } from '../../api/registry.ts';
import { findPlugins } from '../../plugins/find-plugins.ts';
import type { World } from '../../runtime/world.ts';
import { exampleLines, MORE, wrap } from './render-help.ts';
import { screenOf } from './screen.ts';

/** The help of the launcher: usage, deployers, testers, commands. */
export function launcherHelp(
  { deployers, testers }: Registry,
  commands: readonly (Row & { readonly hidden?: boolean })[],
  world: Pick<World, 'env' | 'cwd' | 'stdout'>,
): string {
  const { width } = screenOf(world);
  const plugins = findPlugins(world.env, world.cwd);
  const onPath = (kind: 'deployer' | 'tester', own: readonly { readonly name: string }[]) =>
    plugins
      .filter((plugin) => plugin.kind === kind && !own.some(({ name }) => name === plugin.name))
      .map(({ name, path }) => ({ name, summary: path }));
  const table = (rows: readonly Row[]) => tableOf(rows, width);
  return [
    'Usage:',
    '  kubetest2-ts DEPLOYER [flags] -- [tester args]',
    '  kubetest2-ts COMMAND [flags]',
    '',
    ...wrap(
      'Launches Kubernetes end-to-end tests: --build builds Kubernetes, --up creates a cluster, --test=TESTER runs ' +
        'tests on it, --down tears it down, in this order. Results are what Prow, Spyglass and TestGrid read.',
      width,
    ),
    '',
    'Deployers:',
    ...table([...deployers, ...onPath('deployer', deployers)]),
    '',
    'Testers (--test):',
    ...table([...testers, ...onPath('tester', testers)]),
    '',
    'Commands:',
    ...table(commands.filter(({ hidden }) => !hidden)),
    '',
    'Examples:',
    ...exampleLines('kubetest2-ts noop --test=exec -- kubectl get nodes', width),
    ...exampleLines('kubetest2-ts kind --up --down --test=ginkgo -- --focus-regex=Watchers', width),
    '',
    'Help:',
    ...table([
      { name: 'kubetest2-ts DEPLOYER --help', summary: 'flags of a deployer' },
      { name: 'kubetest2-ts DEPLOYER --test=TESTER --help', summary: 'and of a tester' },
      { name: 'kubetest2-ts help COMMAND', summary: 'flags of a command' },
      { name: 'kubetest2-ts options', summary: 'common flags' },
    ]),
    '',
    ...wrap(MORE, width),
    '',
  ].join('\n');
}

interface Row {
  readonly name: string;
  readonly summary: string;
}

function tableOf(rows: readonly Row[], columns: number): string[] {
  const wide = Math.max(0, ...rows.map(({ name }) => name.length));
  return rows.flatMap(({ name, summary }) => {
    const [first = '', ...more] = wrap(summary, columns - wide - 4);
    return [`  ${name.padEnd(wide)}  ${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(wide + 4)}${line}`)];
  });
}
