import type { DeployerKind } from '../../api/deployer.ts';
import type { Registry } from '../../api/registry.ts';
import type { TesterKind } from '../../api/tester.ts';
import { acquireFlags } from '../../download/flags.ts';
import { klogFlags, launcherFlags } from './launcher-flags.ts';
import { parseFlags } from './parse.ts';

/** Tells what is wrong with a command line, its first argument the deployer; nothing when it can be run. */
export type CheckLine = (argv: readonly string[]) => readonly string[];

/** Loads everything that is built in, and checks command lines by its flags. */
export async function openLineCheck(registry: Registry): Promise<CheckLine> {
  const deployers = new Map<string, DeployerKind>();
  const testers = new Map<string, TesterKind>();
  for (const { name, load } of registry.deployers) deployers.set(name, await load());
  for (const { name, load } of registry.testers) testers.set(name, await load());

  return ([name = '', ...args]) => {
    const kind = deployers.get(name);
    if (!kind) return [`unknown deployer ${JSON.stringify(name)}`];
    const owners = { launcher: launcherFlags, klog: klogFlags, acquire: acquireFlags, deployer: kind.flags };
    const line = parseFlags(owners, args, {});
    const faults = [...line.faults, ...line.positionals.map((word) => `${JSON.stringify(word)} is not a flag`)];
    const { test } = line.values.launcher;
    if (test === '') return faults;
    const tester = testers.get(test);
    if (!tester) return [...faults, `unknown tester ${JSON.stringify(test)}`];
    return [...faults, ...checkTester(tester, line.afterDashes)];
  };
}

function checkTester(tester: TesterKind, args: readonly string[]): string[] {
  if (tester.takesArgs) return (args[0] ?? '-').startsWith('-') ? [`the ${tester.name} tester needs a command`] : [];
  const line = parseFlags({ klog: klogFlags, tester: tester.flags }, args, {});
  return [...line.faults, ...line.positionals.map((word) => `${JSON.stringify(word)} is not a flag`)];
}
