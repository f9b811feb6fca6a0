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

/**
 * Finds the tester: the built-in one of that name, else a program on PATH. `defaultsOf` returns the flags that a built-in
 * tester gets before `args`, so that `args` override them. Throws UsageError when there is none.
 */
export async function chooseTester(
  name: string,
  args: readonly string[],
  defaultsOf: (tester: string) => readonly string[],
  registry: Registry,
  world: Pick<World, 'env' | 'cwd'>,
): Promise<ChosenTester | undefined> {
  if (name === '') return undefined;
  const listed = registry.testers.find((tester) => tester.name === name);
  if (listed) {
    return readBuiltIn(await listed.load(), args, defaultsOf(name), world.env);
  }
  const path = findTester(name, world.env, world.cwd);
  if (path !== undefined) return choosePlugin(name, path, args);
  throw new UsageError(unknownTester(name, registry.testers, world));
}

/** Parses the arguments of a built-in tester. `defaults` are flags that `args` override. */
export function readBuiltIn(
  kind: TesterKind,
  args: readonly string[],
  defaults: readonly string[],
  env: Env,
): ChosenTester {
  if (kind.takesArgs) return withRawArgs(kind, args);
  const owners = { tester: kind.flags, common: testerCommonFlags, klog: klogFlags };
  return withFlags(kind, args, parseFlags(owners, [...defaults, ...args], env));
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
    help: false,
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
    faults: line.faults.map((fault) => `${kind.name} tester: ${fault}`),
    strays: [...line.positionals, ...line.afterDashes],
    verbosity,
    help: line.values.common.help,
    create: async (run) => kind.create({ flags: line.values.tester, args: [], specified, verbosity, run }),
  };
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
    help: false,
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
  const reason = unusableProgram(`kubetest2-tester-${name}`, env, cwd);
  const near = closestName(name, names);
  const missing = `no program kubetest2-tester-${name} is on PATH`;
  const hint = reason ?? (near === undefined ? missing : `did you mean ${JSON.stringify(near)}?`);
  return `unknown tester ${JSON.stringify(name)} (available: ${names.join(', ')}); ${hint}`;
}
