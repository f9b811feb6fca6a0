import { resolve } from 'node:path';
import type { DeployerKind } from '../api/deployer.ts';
import { type Flags, namedFlags, type Values } from '../api/flags.ts';
import type { World } from '../runtime/world.ts';
import { findProgram, isProgram } from '../system/find-program.ts';
import { isQuoted } from '../text/shell-quote.ts';
import { oneLine } from '../text/truncate.ts';
import { launcherFlags } from './flags/launcher-flags.ts';
import { meantAsFlags, meantAsSteps } from './flags/meant.ts';
import type { LauncherLine } from './launcher-line.ts';

/**
 * One sentence for each part of a deployer's command line that can be parsed but was meant as something else: flags
 * without their dashes, an empty --test, quotes that are part of a value, a hook whose arguments are separated by blanks.
 * `flags` are the names of the line's flags, with dashes.
 */
export function mistakesIn(
  kind: DeployerKind,
  { values, specified, positionals }: LauncherLine,
  flags: ReadonlySet<string>,
  world: Pick<World, 'env' | 'cwd'>,
): string[] {
  const { launcher, deployer } = values;
  return [
    ...meantAsFlags(positionals, flags),
    ...meantAsSteps(positionals),
    ...(specified.has('test') && launcher.test === '' ? [EMPTY_TEST] : []),
    ...quotedValues(launcherFlags, launcher),
    ...quotedValues(kind.flags, deployer),
    ...blanksInProgram('--pre-test-cmd', launcher.preTestCmd, world),
    ...blanksInProgram('--post-test-cmd', launcher.postTestCmd, world),
  ];
}

const EMPTY_TEST = 'invalid --test "": the name of a tester is missing; set one, or remove the flag to run no tests';

function quotedValues<F extends Flags>(flags: F, values: Values<F>): string[] {
  return Array.from(namedFlags(flags)).flatMap(({ key, name }) => {
    const value: unknown = values[key];
    if (typeof value !== 'string' || !isQuoted(value)) return [];
    return [`invalid --${name} ${oneLine(value, 120)}: the quotes around it are part of the value; remove them`];
  });
}

/** The arguments of a hook are separated by commas, so a blank belongs to the name of the program. */
function blanksInProgram(
  flag: string,
  [program = '']: readonly string[],
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
): string[] {
  if (!/\s/.test(program)) return [];
  const exists = program.includes('/') ? isProgram(resolve(cwd, program)) : findProgram(program, env, cwd);
  if (exists) return [];
  const commas = program.trim().replace(/\s+/g, ',');
  return [
    `invalid ${flag}: there is no program ${JSON.stringify(program)}; separate the arguments by commas: ${commas}`,
  ];
}
