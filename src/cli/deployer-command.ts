import type { DeployerKind } from '../api/deployer.ts';
import type { Registry } from '../api/registry.ts';
import type { World } from '../runtime/world.ts';
import type { ChosenTester } from './choose-tester.ts';
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
  if (asked.chosen?.help) return await showTesterHelp(kind, asked.chosen, world);
  const { launch } = await import('./launch.ts');
  return await launch(asked, world);
}

/** The flags of a tester whose own arguments ask for them; a program on PATH prints its own. */
async function showTesterHelp(kind: DeployerKind, chosen: ChosenTester, world: World): Promise<number> {
  if (chosen.path !== undefined) {
    const { runPluginDeployer } = await import('../plugins/plugin-deployer.ts');
    return await runPluginDeployer(chosen.path, ['--help'], world);
  }
  const { testerHelp } = await import('./help/deployer-help.ts');
  const command = `kubetest2-ts ${kind.name} --test=${chosen.name} --`;
  if (chosen.kind) world.stdout.write(testerHelp(chosen.kind, command, world, 'of the deployer'));
  return 0;
}
