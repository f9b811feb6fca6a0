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

/** The tester of a command line, found and its words read, not yet made. */
export interface ChosenTester {
  readonly name: string;
  /** Ours, with its flags; absent for a program on PATH. */
  readonly kind: TesterKind | undefined;
  /** The program on PATH, when it is not ours. */
  readonly path: string | undefined;
  /** The words after `--`. */
  readonly words: readonly string[];
  readonly faults: readonly string[];
  /** Words that are neither flags nor values. */
  readonly strays: readonly string[];
  readonly verbosity: number;
  /** True when the tester's own words ask for help. */
  readonly help: boolean;
  /** Throws UsageError for values that cannot work. A program on PATH is asked for its help, so that it can refuse. */
  create(run: Run, signal: AbortSignal): Promise<Tester>;
}

/**
 * Finds the tester: ours by that name, else a program on PATH. `defaultsOf` gives the flags that go before what is typed
 * for one of ours. Throws UsageError that lists ours when there is none.
 */
export async function chooseTester(
  name: string,
  words: readonly string[],
  defaultsOf: (tester: string) => readonly string[],
  registry: Registry,
  world: Pick<World, 'env' | 'cwd'>,
): Promise<ChosenTester | undefined> {
  if (name === '') return undefined;
  const listed = registry.testers.find((tester) => tester.name === name);
  if (listed) {
    return readOwn(await listed.load(), words, defaultsOf(name), world.env);
  }
  const path = findTester(name, world.env, world.cwd);
  if (path !== undefined) return chooseForeign(name, path, words);
  throw new UsageError(unknownTester(name, registry.testers, world));
}

/** Reads the words of one of our testers. `defaults` are flags that go before what is typed. */
export function readOwn(
  kind: TesterKind,
  words: readonly string[],
  defaults: readonly string[],
  env: Env,
): ChosenTester {
  if (kind.takesArgs) return ownWords(kind, words);
  const owners = { tester: kind.flags, common: testerCommonFlags, klog: klogFlags };
  return ownFlags(kind, words, parseFlags(owners, [...defaults, ...words], env));
}

/** Reads the words of one of our testers that stands alone: the flags for downloads are then among its own. */
export function readStandalone(
  kind: TesterKind,
  words: readonly string[],
  world: Pick<World, 'env' | 'cwd' | 'home'>,
): { readonly chosen: ChosenTester; readonly acquire: AcquireSettings } {
  const owners = { tester: kind.flags, common: testerCommonFlags, klog: klogFlags, acquire: acquireFlags };
  const line = parseFlags(owners, kind.takesArgs ? [] : words, world.env);
  const chosen = kind.takesArgs ? ownWords(kind, words) : ownFlags(kind, words, line);
  return { chosen, acquire: acquireSettings(line.values.acquire, world) };
}

function ownWords(kind: TesterKind, words: readonly string[]): ChosenTester {
  return {
    name: kind.name,
    kind,
    path: undefined,
    words,
    faults: [],
    strays: [],
    verbosity: 0,
    help: false,
    create: async (run) => kind.create({ flags: {}, args: words, specified: new Set(), verbosity: 0, run }),
  };
}

function ownFlags(
  kind: TesterKind,
  words: readonly string[],
  line: Parsed<{
    readonly tester: TesterKind['flags'];
    readonly common: typeof testerCommonFlags;
    readonly klog: typeof klogFlags;
  }>,
): ChosenTester {
  const { v: verbosity } = line.values.klog;
  const specified = line.given;
  return {
    name: kind.name,
    kind,
    path: undefined,
    words,
    faults: line.faults.map((fault) => `${kind.name} tester: ${fault}`),
    strays: [...line.positionals, ...line.afterDashes],
    verbosity,
    help: line.values.common.help,
    create: async (run) => kind.create({ flags: line.values.tester, args: [], specified, verbosity, run }),
  };
}

function chooseForeign(name: string, path: string, words: readonly string[]): ChosenTester {
  return {
    name,
    kind: undefined,
    path,
    words,
    faults: [],
    strays: [],
    verbosity: 0,
    help: false,
    create: async (run, signal) => {
      const { PluginTester } = await import('../plugins/plugin-tester.ts');
      const tester = new PluginTester(path, words, run);
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
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const why = reason ?? `no program kubetest2-tester-${name} is on PATH${hint}`;
  return `--test: ${JSON.stringify(name)} is none of ${names.join(', ')}, and ${why}`;
}
