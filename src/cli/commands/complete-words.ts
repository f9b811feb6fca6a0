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
  about: 'Prints completions of the last argument.',
  flags: {},
  args: [1, Number.POSITIVE_INFINITY],
  rawArgs: true,
  run: async ({ args: [shell, ...rest] }, world) => {
    const kind = shellOf(shell);
    const args = kind === 'bash' ? rejoin(rest) : rest;
    const found = await candidates(args, world);
    for (const each of found) world.stdout.write(`${show(each, kind, args.at(-1) ?? '')}\n`);
    return 0;
  },
});

async function candidates(args: readonly string[], world: CommandWorld): Promise<Candidate[]> {
  const [first = '', ...rest] = args;
  if (rest.length === 0) return await complete(args, { names: firstArguments(world), flags: {} });
  const deployer = await world.registry.deployers.find(({ name }) => name === first)?.load();
  if (deployer) return await ofDeployer(deployer, rest, world);
  const command = await world.commands.find(({ name }) => name === first)?.load();
  if (!command || command.rawArgs) return [];
  const choices = command.argChoices?.[rest.length - 1] ?? [];
  const names = choices.map((value) => ({ value, help: '' }));
  return await complete(rest, { names, flags: { ...command.flags, ...commandCommonFlags } });
}

/** The deployers and commands, which can be the first argument. */
function firstArguments({ registry, commands, env, cwd }: CommandWorld): Place['names'] {
  const plugins = findPlugins(env, cwd).filter(({ kind }) => kind === 'deployer');
  return [
    ...[...registry.deployers, ...commands.filter(({ hidden }) => !hidden)].map(({ name, summary }) => ({
      value: name,
      help: summary,
    })),
    ...plugins.map(({ name, path }) => ({ value: name, help: path })),
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
    return await complete(args, { names: [], flags, values: { test: [...new Set(testers)] } });
  }
  const { test } = parseFlags({ launcher: launcherFlags }, args.slice(0, dashes), {}).values.launcher;
  const tester = await registry.testers.find(({ name }) => name === test)?.load();
  if (!tester || tester.takesArgs) return [];
  return await complete(args.slice(dashes + 1), { names: [], flags: { ...tester.flags, ...testerCommonFlags } });
}

/** Joins the three words that bash makes of `--down=never`. */
function rejoin(words: readonly string[]): string[] {
  const args: string[] = [];
  let glue = false;
  for (const word of words) {
    const last = args.at(-1);
    if (last !== undefined && (glue || word === '=') && last.startsWith('--')) args[args.length - 1] = last + word;
    else args.push(word);
    glue = word === '=';
  }
  return args;
}

function show({ value, help }: Candidate, shell: Shell, current: string): string {
  const about = help.replace(/\s+/g, ' ');
  if (shell === 'fish') return `${value}\t${about}`;
  if (shell === 'zsh') return `${value.replaceAll(':', '\\:')}:${about}`;
  // bash replaces only what follows the =.
  return current.includes('=') ? value.slice(value.indexOf('=') + 1) : value;
}
