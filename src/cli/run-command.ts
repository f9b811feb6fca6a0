import { UsageError } from '../api/errors.ts';
import type { Registry } from '../api/registry.ts';
import type { World } from '../runtime/world.ts';
import type { Command, ListedCommand } from './commands/command.ts';
import { commands } from './commands/index.ts';
import { commandCommonFlags } from './flags/common-flags.ts';
import { parseFlags } from './flags/parse.ts';

/** Runs one command of the launcher and returns its exit code. Throws UsageError for a wrong command line. */
export async function runCommand(
  listed: ListedCommand,
  args: readonly string[],
  registry: Registry,
  world: World,
): Promise<number> {
  const command = await listed.load();
  const line = readCommandLine(listed.name, command, args, world);
  if (line.help) {
    const { commandHelp } = await import('./help/command-help.ts');
    world.stdout.write(commandHelp(command, world));
    return 0;
  }
  if (line.faults.length > 0) throw new UsageError([...line.faults, helpHint(listed.name)].join('\n'));
  // Most commands only print, and open none.
  const open = async () => (await import('../runtime/session.ts')).openSession(world);
  return await command.run(line, { ...world, registry, commands, openSession: open });
}

function readCommandLine(name: string, command: Command, args: readonly string[], { env }: World) {
  if (command.rawArgs) return { flags: {}, args, help: false, faults: wrongCount(name, command, args) };
  const { values, positionals, afterDashes, faults } = parseFlags(
    { command: command.flags, common: commandCommonFlags },
    args,
    env,
  );
  const found = [...positionals, ...afterDashes];
  return {
    flags: values.command,
    args: found,
    help: values.common.help,
    faults: [...faults, ...wrongCount(name, command, found)],
  };
}

function wrongCount(name: string, { args: [min, max], usage }: Command, args: readonly string[]): string[] {
  const [excess] = args.slice(max);
  if (excess !== undefined) return [`${name}: unexpected argument ${JSON.stringify(excess)}`];
  return args.length < min ? [`${name}: missing argument; usage: kubetest2-ts ${usage.join(' or kubetest2-ts ')}`] : [];
}

const helpHint = (name: string): string => `run "kubetest2-ts ${name} --help" for its flags`;
