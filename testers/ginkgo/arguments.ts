import { formatDuration } from '../../src/api/duration.ts';
import type { Env } from '../../src/api/env.ts';
import { messageOf, RunError, UsageError } from '../../src/api/errors.ts';
import { type ShellArgument, shellSplitWithEscapes } from '../../src/text/shell-split.ts';
import type { GinkgoValues } from './flags.ts';
import type { Suite } from './suite.ts';

/** The arguments of --ginkgo-args and --test-args, the latter without those that select specs. */
export interface ExtraArgs {
  readonly ginkgo: readonly string[];
  readonly test: readonly string[];
  /** Values of `--ginkgo.focus` and `--ginkgo.skip` among the test arguments. */
  readonly focus: readonly string[];
  readonly skip: readonly string[];
}

/** The paths and the environment of one command line; all paths absolute. */
export interface SuiteContext {
  readonly ginkgo: string;
  readonly e2eTest: string;
  readonly kubectl: string;
  readonly kubeconfig: string;
  readonly reportDir: string;
  /** The deployer's provider name. */
  readonly provider: string | undefined;
  readonly env: Env;
}

/**
 * Splits the extra arguments. Throws UsageError for an unterminated quote, and for a focus or skip that lost its
 * backslashes in the split: `\[Slow\]` would become a set of letters, which nearly every spec matches.
 */
export function parseExtraArgs(values: Pick<GinkgoValues, 'ginkgoArgs' | 'testArgs'>): ExtraArgs {
  const ginkgo = split('--ginkgo-args', values.ginkgoArgs).map(({ text }) => text);
  const test: string[] = [];
  const found = { focus: [] as string[], skip: [] as string[] };
  const args = split('--test-args', values.testArgs).values();
  for (const arg of args) {
    const [, kind, attached] = /^--?ginkgo\.(focus|skip)(?:=(.*))?$/s.exec(arg.text) ?? [];
    if (kind !== 'focus' && kind !== 'skip') {
      test.push(arg.text);
      continue;
    }
    const value = attached === undefined ? args.next().value : { text: attached, escaped: arg.escaped };
    if (!value) throw new UsageError(`invalid --test-args: --ginkgo.${kind} needs a value`);
    rejectLostBackslashes(kind, value);
    found[kind].push(value.text);
  }
  return { ginkgo, test, ...found };
}

/**
 * The command that runs the suite, in the original's order. Omits empty values, since an empty focus or skip matches
 * everything, and flags that the suite does not have. `focus` replaces --focus-regex.
 * Throws RunError when the suite does not have a flag that was specified.
 */
export function ginkgoCommand(
  values: GinkgoValues,
  extra: ExtraArgs,
  suite: Suite,
  context: SuiteContext,
  focus: readonly string[] = [values.focusRegex],
): string[] {
  const flakeAttempts = suite.ginkgo === 2 ? '--flake-attempts' : '--flakeAttempts';
  return [
    context.ginkgo,
    ...(values.flakeAttempts > 0 ? [`${flakeAttempts}=${values.flakeAttempts}`] : []),
    // Ginkgo 1 suites have no such flag; their ginkgo program has.
    ...(suite.ginkgo === 1 ? [`--timeout=${formatDuration(values.timeout)}`] : []),
    ...extra.ginkgo,
    `--nodes=${values.parallel}`,
    context.e2eTest,
    '--',
    ...suiteArguments(values, extra, suite, context, focus),
  ];
}

/** The suite's own arguments, which also select the specs. */
export function suiteArguments(
  values: GinkgoValues,
  extra: ExtraArgs,
  suite: Suite,
  context: SuiteContext,
  focus: readonly string[] = [values.focusRegex],
): string[] {
  const ifKnown = (flag: string, value: string) => (value !== '' && suite.knows(flag) ? [`--${flag}=${value}`] : []);
  const required = (flag: string, value: string, specified: string) => {
    if (value !== '' && !suite.knows(flag))
      throw new RunError(`cannot use ${specified}: ${context.e2eTest} has no flag --${flag}`);
    return ifKnown(flag, value);
  };
  return [
    ...ifKnown('kubeconfig', context.kubeconfig),
    ...ifKnown('kubectl-path', context.kubectl),
    ...selection('skip', [values.skipRegex, ...extra.skip], suite),
    ...selection('focus', [...focus, ...extra.focus], suite),
    ...required('ginkgo.label-filter', values.labelFilter, '--label-filter'),
    ...provider(values, extra, context, ifKnown, required),
    ...ifKnown('report-dir', context.reportDir),
    ...(suite.ginkgo === 2 ? ifKnown('ginkgo.timeout', formatDuration(values.timeout)) : []),
    ...extra.test,
  ];
}

/** The value of the last `--flag=value` or `--flag value` among arguments, as Go's flag package parses them. */
export function lastValue(args: readonly string[], flag: string): string | undefined {
  let value: string | undefined;
  for (const [at, arg] of args.entries()) {
    if (arg === `--${flag}` || arg === `-${flag}`) value = args[at + 1];
    else if (arg.startsWith(`--${flag}=`) || arg.startsWith(`-${flag}=`)) value = arg.slice(arg.indexOf('=') + 1);
  }
  return value;
}

type FlagArgs = (flag: string, value: string, specified: string) => string[];

/** The deployer's provider replaces an empty one only for gce, whose project and zone the suite also needs. */
function provider(
  values: GinkgoValues,
  extra: ExtraArgs,
  context: SuiteContext,
  ifKnown: FlagArgs,
  required: FlagArgs,
): string[] {
  const specified = lastValue(extra.test, 'provider');
  const name =
    values.provider !== '' ? values.provider : context.provider === 'gce' && specified === undefined ? 'gce' : '';
  const args = required('provider', name, '--provider');
  if ((specified ?? name) !== 'gce') return args;
  const fromEnv = (flag: string, variable: string) =>
    lastValue(extra.test, flag) === undefined ? ifKnown(flag, context.env[variable] ?? '', '') : [];
  return [...args, ...GCE_FLAGS.flatMap(([flag, variable]) => fromEnv(flag, variable))];
}

/** The flags of e2e.test that hack/ginkgo-e2e.sh set for a cluster on GCE, and the variables with their values. */
const GCE_FLAGS = [
  ['gce-project', 'PROJECT'],
  ['gce-zone', 'KUBE_GCE_ZONE'],
  ['gce-region', 'REGION'],
  ['prefix', 'KUBE_GCE_INSTANCE_PREFIX'],
  ['network', 'KUBE_GCE_NETWORK'],
  ['num-nodes', 'NUM_NODES'],
  ['node-os-distro', 'KUBE_NODE_OS_DISTRIBUTION'],
  ['master-os-distro', 'KUBE_MASTER_OS_DISTRIBUTION'],
] as const;

/** Characters. One argument of a command line may have 128 KiB; Ginkgo 2 joins several by `|`. */
const MAX_LENGTH = 100_000;

function selection(kind: 'focus' | 'skip', patterns: readonly string[], suite: Suite): string[] {
  const joined: string[] = [];
  for (const pattern of patterns.filter((each) => each !== '')) {
    const last = joined.at(-1);
    if (last !== undefined && last.length + pattern.length < MAX_LENGTH)
      joined[joined.length - 1] = `${last}|${pattern}`;
    else joined.push(pattern);
  }
  if (joined.length > 1 && suite.ginkgo === 1)
    throw new RunError(`the ${kind} expression is too long for a Ginkgo 1 suite`);
  return joined.map((value) => `--ginkgo.${kind}=${value}`);
}

function split(flag: string, value: string): ShellArgument[] {
  try {
    return shellSplitWithEscapes(value);
  } catch (error) {
    throw new UsageError(`invalid ${flag} ${JSON.stringify(value)}: ${messageOf(error)}`, { cause: error });
  }
}

function rejectLostBackslashes(kind: 'focus' | 'skip', { text, escaped }: ShellArgument): void {
  if (!/[[\]swdbSWDB.]/.test(escaped)) return;
  throw new UsageError(
    `invalid --test-args: splitting it as a shell does removes the backslashes of --ginkgo.${kind} and leaves ${JSON.stringify(text)}; ` +
      `use --${kind}-regex, which is not split, or quote the expression with single quotes in --test-args`,
  );
}
