import type { DeployerKind } from '../../api/deployer.ts';
import { acquireFlags } from '../../download/flags.ts';
import { findPlugins } from '../../plugins/find-plugins.ts';
import { commandCommonFlags, testerCommonFlags } from '../flags/common-flags.ts';
import { type Candidate, complete, type Place } from '../flags/complete.ts';
import { klogFlags, launcherFlags } from '../flags/launcher-flags.ts';
import { parseFlags } from '../flags/parse.ts';
import { type Shell, shellOf } from '../flags/shells.ts';
import { type CommandWorld, defineCommand } from './command.ts';

/** Called by completion scripts: `complete-words SHELL ARG...`, the last argument being the one under the cursor. */
export const completeWords = defineCommand({
  usage: ['complete-words SHELL ARG...'],
  about: 'Prints the completions of the last argument.',
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  rawArgs: true,
  run: async ({ args: [shell, ...typed] }, world) => {
    const kind = shellOf(shell);
    const args = kind === 'bash' ? rejoin(typed) : typed;
    const found = await candidates(args, world);
    for (const each of found) world.stdout.write(`${show(each, kind, args.at(-1) ?? '')}\n`);
    return 0;
  },
});

async function candidates(args: readonly string[], world: CommandWorld): Promise<Candidate[]> {
  const [first = '', ...rest] = args;
  if (rest.length === 0) return await complete(args, { words: firstWords(world), flags: {} });
  const deployer = await world.registry.deployers.find(({ name }) => name === first)?.load();
  if (deployer) return await ofDeployer(deployer, rest, world);
  const command = await world.commands.find(({ name }) => name === first)?.load();
  if (!command || command.rawArgs) return [];
  const choices = command.argChoices?.[rest.length - 1] ?? [];
  const words = choices.map((word) => ({ word, help: '' }));
  return await complete(rest, { words, flags: { ...command.flags, ...commandCommonFlags } });
}

/** What can be the first argument. */
function firstWords({ registry, commands, env, cwd }: CommandWorld): Place['words'] {
  const plugins = findPlugins(env, cwd).filter(({ kind }) => kind === 'deployer');
  return [
    ...[...registry.deployers, ...commands.filter(({ hidden }) => !hidden)].map(({ name, summary }) => ({
      word: name,
      help: summary,
    })),
    ...plugins.map(({ name, path }) => ({ word: name, help: path })),
  ];
}

async function ofDeployer(
  deployer: DeployerKind,
  args: readonly string[],
  { registry, env, cwd }: CommandWorld,
): Promise<Candidate[]> {
  const dashes = args.indexOf('--');
  if (dashes === -1 || dashes === args.length - 1) {
    const flags = { ...launcherFlags, ...acquireFlags, ...klogFlags, ...deployer.flags };
    const plugins = findPlugins(env, cwd).filter(({ kind }) => kind === 'tester');
    const testers = [...registry.testers, ...plugins].map(({ name }) => name);
    return await complete(args, { words: [], flags, values: { test: [...new Set(testers)] } });
  }
  const { test } = parseFlags({ launcher: launcherFlags }, args.slice(0, dashes), {}).values.launcher;
  const tester = await registry.testers.find(({ name }) => name === test)?.load();
  if (!tester || tester.takesArgs) return [];
  return await complete(args.slice(dashes + 1), { words: [], flags: { ...tester.flags, ...testerCommonFlags } });
}

/** bash takes `--down=never` for three words; for us they are one. */
function rejoin(words: readonly string[]): string[] {
  const joined: string[] = [];
  let glue = false;
  for (const word of words) {
    const last = joined.at(-1);
    if (last !== undefined && (glue || word === '=') && last.startsWith('--')) joined[joined.length - 1] = last + word;
    else joined.push(word);
    glue = word === '=';
  }
  return joined;
}

function show({ word, help }: Candidate, shell: Shell, current: string): string {
  const about = help.replace(/\s+/g, ' ');
  if (shell === 'fish') return `${word}\t${about}`;
  if (shell === 'zsh') return `${word.replaceAll(':', '\\:')}:${about}`;
  // bash replaces what stands behind the = alone.
  return current.includes('=') ? word.slice(word.indexOf('=') + 1) : word;
}
