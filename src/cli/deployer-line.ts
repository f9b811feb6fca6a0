import type { DeployerKind } from '../api/deployer.ts';
import { causeOf, messageOf, UsageError } from '../api/errors.ts';
import type { Registry } from '../api/registry.ts';
import { acquireFlags } from '../download/flags.ts';
import type { World } from '../runtime/world.ts';
import { type ChosenTester, chooseTester } from './choose-tester.ts';
import { klogFlags, launcherFlags } from './flags/launcher-flags.ts';
import { flagNames } from './flags/meant.ts';
import { parseFlags } from './flags/parse.ts';
import type { LauncherLine } from './launcher-line.ts';
import { mistakesIn } from './mistakes.ts';

/** A command line of a deployer, read and not yet acted upon. */
export interface DeployerLine {
  readonly kind: DeployerKind;
  readonly line: LauncherLine;
  /** Undefined when none is asked for, or it is among the faults. */
  readonly chosen: ChosenTester | undefined;
  /** One sentence for each usage error so far. */
  readonly faults: readonly string[];
}

/** Reads the arguments after the deployer's name, and finds the tester they name. */
export async function readDeployerLine(
  kind: DeployerKind,
  args: readonly string[],
  registry: Registry,
  world: World,
): Promise<DeployerLine> {
  const owners = { launcher: launcherFlags, klog: klogFlags, acquire: acquireFlags, deployer: kind.flags };
  const line = parseFlags(owners, args, world.env);
  const side = {
    name: kind.name,
    defaultsOf: (tester: string) => kind.testerDefaults?.(tester, world.env, line.values.deployer) ?? [],
    flags: flagNames(Object.values(owners)),
  };
  const unknown: string[] = [];
  const { test } = line.values.launcher;
  const chosen = await attempt(unknown, () => chooseTester(test, line.afterDashes, side, registry, world));
  const misread =
    line.faults.length === 0 ? [] : parseFlags(owners, args, world.env, (flag) => ofTester(chosen, flag)).faults;
  return { kind, line, chosen, faults: [...misread, ...unknown, ...mistakesIn(kind, line, side.flags, world)] };
}

/** Where a flag before `--` belongs, if the tester has it. */
function ofTester(chosen: ChosenTester | undefined, flag: string): string | undefined {
  if (!chosen?.kind || !flagNames([chosen.kind.flags]).has(flag)) return undefined;
  return `it is a flag of the ${chosen.name} tester; write it after --`;
}

/** The value of `action`, or its usage error among the faults. */
export async function attempt<T>(faults: string[], action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!causeOf(error, UsageError)) throw error;
    faults.push(messageOf(error));
    return undefined;
  }
}
