import { registry } from '../../bin/registry.ts';
import { chooseTester } from '../../src/cli/choose-tester.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { commandHelp } from '../../src/cli/help/command-help.ts';
import { deployerHelp, testerHelp } from '../../src/cli/help/deployer-help.ts';
import { launcherHelp } from '../../src/cli/help/launcher-help.ts';

/** Help that is not wrapped, with no programs on PATH. */
const world = { stdout: { columns: 100_000 } as NodeJS.WriteStream, env: {}, cwd: '/' };

/** The help of the launcher, of every command, deployer and tester, and of every deployer with every tester, by its command line. */
export async function renderedHelp(): Promise<[command: string, help: string][]> {
  const found: [string, string][] = [['kubetest2-ts help', launcherHelp(registry, commands, world)]];
  for (const { name, load } of commands) found.push([`kubetest2-ts help ${name}`, commandHelp(await load(), world)]);
  for (const tester of registry.testers) {
    const program = `kubetest2-tester-${tester.name}`;
    found.push([`${program} --help`, testerHelp(await tester.load(), program, world)]);
  }
  for (const deployer of registry.deployers) {
    const kind = await deployer.load();
    for (const name of ['', ...registry.testers.map((tester) => tester.name)]) {
      const chosen = await chooseTester(
        name,
        [],
        { name: deployer.name, defaultsOf: () => [], flags: new Set() },
        registry,
        world,
      );
      found.push([`kubetest2-ts ${kind.name} --test=${name} --help`, deployerHelp(kind, chosen, world)]);
    }
  }
  return found;
}
