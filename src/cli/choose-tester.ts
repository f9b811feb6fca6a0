import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';
import type { Listed, Registry } from '../api/registry.ts';
import type { AcquireSettings, Run } from '../api/run.ts';
import type { Tester, TesterKind } from '../api/tester.ts';
import { acquireFlags, acquireSettings } from '../download/flags.ts';
import { findTester } from '../plugins/find-plugins.ts';
import type { World } from '../runtime/world.ts';
import { unusableProgram } from '../system/find-program.ts';
import { closestName } from '../text/closest-name.ts';
import { testerCommonFlags } from './flags/common-flags.ts';
import { klogFlags } from './flags/launcher-flags.ts';
import { behindSecondDashes, flagNames, meantAsFlags } from './flags/meant.ts';
import { type Parsed, parseFlags } from './flags/parse.ts';

/** The tester of a command line, found and its arguments parsed, not yet created. */
export interface ChosenTester {
  readonly name: string;
  /** The built-in tester; absent for a program on PATH. */
  readonly kind: TesterKind | undefined;
  /** The program on PATH; absent for a built-in tester. */
  readonly path: string | undefined;
  /** The arguments after `--`. */
  readonly args: readonly string[];
  readonly faults: readonly string[];
  /** Arguments that are neither flags nor values. */
  readonly strays: readonly string[];
  readonly verbosity: number;
  /** True when `--help` is among the tester's own arguments. */
  readonly help: boolean;
  /** Throws UsageError for values that cannot work. A program on PATH is started with `--help`, which fails when it is broken. */
  create(run: Run, signal: AbortSignal): Promise<Tester>;
}

/** What the deployer of a command line has to do with its tester. */
export interface DeployerSide {
  readonly name: string;
  /** The flags that a built-in tester gets before its arguments, so that these override them. */
  defaultsOf(tester: string): readonly string[];
  /** The names of the flags before `--`, with dashes. */
  readonly flags: ReadonlySet<string>;
}

/** Finds the tester: the built-in one of that name, else a program on PATH. Throws UsageError when there is none. */
export async function chooseTester(
  name: string,
  args: readonly string[],
  deployer: DeployerSide,
  registry: Registry,
  world: Pick<World, 'env' | 'cwd'>,
): Promise<ChosenTester | undefined> {
  if (name === '') return undefined;
  const listed = registry.testers.find((tester) => tester.name === name);
  if (listed) {
    return readBuiltIn(await listed.load(), args, deployer, world.env);
  }
  const path = findTester(name, world.env, world.cwd);
  if (path !== undefined) return choosePlugin(name, path, args);
  throw new UsageError(unknownTester(name, registry.testers, world));
}

/** Parses the arguments of a built-in tester. */
export function readBuiltIn(kind: TesterKind, args: readonly string[], deployer: DeployerSide, env: Env): ChosenTester {
  if (kind.takesArgs) return withRawArgs(kind, args);
  const owners = { tester: kind.flags, common: testerCommonFlags, klog: klogFlags };
  const explain = (flag: string) =>
    deployer.flags.has(flag) ? `it is a flag of the ${deployer.name} deployer; write it before --` : undefined;
  const defaults = deployer.defaultsOf(kind.name);
  return withFlags(kind, args, parseFlags(owners, [...defaults, ...args], env, explain));
}

/** Parses the arguments of a built-in tester started as `kubetest2-tester-NAME`, which takes the flags for downloads as well. */
export function readStandalone(
  kind: TesterKind,
  args: readonly string[],
  world: Pick<World, 'env' | 'cwd' | 'home'>,
): { readonly chosen: ChosenTester; readonly acquire: AcquireSettings } {
  const owners = { tester: kind.flags, common: testerCommonFlags, klog: klogFlags, acquire: acquireFlags };
  const line = parseFlags(owners, kind.takesArgs ? [] : args, world.env);
  const chosen = kind.takesArgs ? withRawArgs(kind, args) : withFlags(kind, args, line);
  return { chosen, acquire: acquireSettings(line.values.acquire, world) };
}

function withRawArgs(kind: TesterKind, args: readonly string[]): ChosenTester {
  return {
    name: kind.name,
    kind,
    path: undefined,
    args,
    faults: [],
    strays: [],
    verbosity: 0,
    help: args[0] === '--help' || args[0] === '-h',
    create: async (run) => kind.create({ flags: {}, args, specified: new Set(), verbosity: 0, run }),
  };
}

function withFlags(
  kind: TesterKind,
  args: readonly string[],
  line: Parsed<{
    readonly tester: TesterKind['flags'];
    readonly common: typeof testerCommonFlags;
    readonly klog: typeof klogFlags;
  }>,
): ChosenTester {
  const { v: verbosity } = line.values.klog;
  const { specified } = line;
  return {
    name: kind.name,
    kind,
    path: undefined,
    args,
    faults: [...line.faults, ...meant(kind, line)].map((fault) => `${kind.name} tester: ${fault}`),
    strays: [...line.positionals, ...line.afterDashes],
    verbosity,
    help: line.values.common.help,
    create: async (run) => kind.create({ flags: line.values.tester, args: [], specified, verbosity, run }),
  };
}

function meant(
  { flags }: TesterKind,
  { positionals, afterDashes }: Pick<Parsed<Record<string, never>>, 'positionals' | 'afterDashes'>,
): string[] {
  return [...meantAsFlags(positionals, flagNames([flags])), ...behindSecondDashes(afterDashes)];
}

function choosePlugin(name: string, path: string, args: readonly string[]): ChosenTester {
  return {
    name,
    kind: undefined,
    path,
    args,
    faults: [],
    strays: [],
    verbosity: 0,
    help: args[0] === '--help' || args[0] === '-h',
    create: async (run, signal) => {
      const { PluginTester } = await import('../plugins/plugin-tester.ts');
      const tester = new PluginTester(path, args, run);
      await tester.probe(signal);
      return tester;
    },
  };
}

function unknownTester(
  name: string,
  testers: readonly Listed<TesterKind>[],
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
): string {
  const names = testers.map((tester) => tester.name);
  if (names.length === 0) {
    const way = 'this deployer has no built-in testers; put a directory on PATH that "kubetest2-ts link DIR" filled';
    return `unknown tester ${JSON.stringify(name)}: no program kubetest2-tester-${name} is on PATH; ${way}`;
  }
  const reason = unusableProgram(`kubetest2-tester-${name}`, env, cwd);
  const near = closestName(name, names);
  const missing = `no program kubetest2-tester-${name} is on PATH`;
  const hint = reason ?? (near === undefined ? missing : `did you mean ${JSON.stringify(near)}?`);
  return `unknown tester ${JSON.stringify(name)} (available: ${names.join(', ')}); ${hint}`;
}
