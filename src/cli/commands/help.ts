import { UsageError } from '../../api/errors.ts';
import { commandHelp } from '../help/command-help.ts';
import { deployerHelp } from '../help/deployer-help.ts';
import { launcherHelp } from '../help/launcher-help.ts';
import { type CommandWorld, defineCommand } from './command.ts';

export const help = defineCommand({
  usage: ['help [DEPLOYER|COMMAND]'],
  about: 'Prints the help of a deployer or a command; without an argument, lists them.',
  flags: {},
  args: [0, 1],
  run: async ({ args: [name] }, world) => {
    world.stdout.write(await helpOf(name, world));
    return 0;
  },
});

async function helpOf(name: string | undefined, world: CommandWorld): Promise<string> {
  const { registry, commands } = world;
  if (name === undefined) return launcherHelp(registry, commands, world);
  const deployer = await registry.deployers.find((each) => each.name === name)?.load();
  if (deployer) return deployerHelp(deployer, undefined, world);
  const command = await commands.find((each) => each.name === name)?.load();
  if (command) return commandHelp(command, world);
  throw new UsageError(`help: unknown deployer or command ${JSON.stringify(name)}; run "kubetest2-ts help" for a list`);
}
