import type { DeployerKind } from '../api/deployer.ts';
import type { Registry } from '../api/registry.ts';
import type { World } from '../runtime/world.ts';
import { readDeployerLine } from './deployer-line.ts';

/** One call of a deployer: its help, or a run. `args` are those after the deployer's name. Returns the exit code. */
export async function deployerCommand(
  kind: DeployerKind,
  args: readonly string[],
  registry: Registry,
  world: World,
): Promise<number> {
  const asked = await readDeployerLine(kind, args, registry, world);
  if (args.length === 0 || asked.line.values.launcher.help) {
    const { deployerHelp } = await import('./help/deployer-help.ts');
    world.stdout.write(deployerHelp(kind, asked.chosen, world));
    return 0;
  }
  const { launch } = await import('./launch.ts');
  return await launch(asked, world);
}
