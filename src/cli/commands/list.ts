import { findPlugins, type PluginProgram } from '../../plugins/find-plugins.ts';
import { programVersion } from '../../runtime/build-info.ts';
import { type CommandWorld, defineCommand } from './command.ts';

export const list = defineCommand({
  usage: ['list'],
  about:
    'Lists every deployer and tester, including programs on PATH: name, version, origin, and the programs it hides.',
  flags: {},
  args: [0, 0],
  run: async (_line, world) => listKinds(world),
});

function listKinds({ registry, env, cwd, stdout }: CommandWorld): number {
  const plugins = findPlugins(env, cwd);
  const rows: string[][] = [['KIND', 'NAME', 'VERSION', 'FROM', 'HIDES']];
  for (const kind of ['deployer', 'tester'] as const) {
    const own = kind === 'deployer' ? registry.deployers : registry.testers;
    for (const { name } of own) {
      const hidden = plugins.filter((plugin) => plugin.kind === kind && plugin.name === name).flatMap(paths);
      rows.push([kind, name, programVersion(), 'built in', hidden.join(' ')]);
    }
    for (const plugin of plugins) {
      if (plugin.kind !== kind || own.some(({ name }) => name === plugin.name)) continue;
      // A plugin is not started to learn its version: many act on any argument.
      rows.push([kind, plugin.name, '-', plugin.path, plugin.shadows.join(' ')]);
    }
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  for (const row of rows)
    stdout.write(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
}

const paths = ({ path, shadows }: PluginProgram): string[] => [path, ...shadows];
