import { UsageError } from '../../api/errors.ts';
import { findPlugins, type PluginProgram } from '../../plugins/find-plugins.ts';
import { programVersion } from '../../runtime/build-info.ts';
import type { CommandWorld } from './index.ts';

/** Prints every deployer and tester that can be named, one a line: kind, name, version, where from, what it hides. */
export async function list(words: readonly string[], world: CommandWorld): Promise<number> {
  if (words.length > 0) throw new UsageError(`list takes no arguments, and was given ${words.join(' ')}`);
  const { registry, env, cwd, stdout } = world;
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
      // A foreign program is not started only to be listed: many of them act on whatever they are given.
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
