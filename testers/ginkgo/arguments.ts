import { formatDuration } from '../../src/api/duration.ts';
import type { Env } from '../../src/api/env.ts';
import { messageOf, RunError, UsageError } from '../../src/api/errors.ts';
import { type ShellArgument, shellSplitWithEscapes } from '../../src/text/shell-split.ts';
import type { GinkgoValues } from './flags.ts';
import type { Suite } from './suite.ts';

/** The words of --ginkgo-args and --test-args, the latter without what selects specs. */
export interface ExtraWords {
  readonly ginkgo: readonly string[];
  readonly test: readonly string[];
  /** Values of `--ginkgo.focus` and `--ginkgo.skip` among the test arguments. */
  readonly focus: readonly string[];
  readonly skip: readonly string[];
}

/** Where everything is that the command line names; absolute paths. */
export interface Surroundings {
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
 * Splits the extra arguments. Throws UsageError when a quote has no end, and when a focus or skip lost its backslashes
 * to the splitting: `\[Slow\]` would become a set of letters, which nearly every spec matches.
 */
export function extraWords(values: Pick<GinkgoValues, 'ginkgoArgs' | 'testArgs'>): ExtraWords {
  const ginkgo = split('--ginkgo-args', values.ginkgoArgs).map(({ text }) => text);
  const test: string[] = [];
  const found = { focus: [] as string[], skip: [] as string[] };
  const words = split('--test-args', values.testArgs).values();
  for (const word of words) {
    const [, kind, attached] = /^--?ginkgo\.(focus|skip)(?:=(.*))?$/s.exec(word.text) ?? [];
    if (kind !== 'focus' && kind !== 'skip') {
      test.push(word.text);
      continue;
    }
    const value = attached === undefined ? words.next().value : { text: attached, escaped: word.escaped };
    if (!value) throw new UsageError(`--test-args: --ginkgo.${kind} needs a value`);
    refuseLostBackslashes(kind, value);
    found[kind].push(value.text);
  }
  return { ginkgo, test, ...found };
}

/**
 * The command that runs the suite, in the original's order. What is empty is not sent, since an empty focus or skip
 * matches everything; neither is what the suite does not know. `focus` replaces --focus-regex.
 * Throws RunError when the suite lacks what was asked for.
 */
export function ginkgoCommand(
  values: GinkgoValues,
  extra: ExtraWords,
  suite: Suite,
  where: Surroundings,
  focus: readonly string[] = [values.focusRegex],
): string[] {
  const repeats = suite.ginkgo === 2 ? '--flake-attempts' : '--flakeAttempts';
  return [
    where.ginkgo,
    ...(values.flakeAttempts > 0 ? [`${repeats}=${values.flakeAttempts}`] : []),
    // Ginkgo 1 suites have no such flag; their ginkgo program has.
    ...(suite.ginkgo === 1 ? [`--timeout=${formatDuration(values.timeout)}`] : []),
    ...extra.ginkgo,
    `--nodes=${values.parallel}`,
    where.e2eTest,
    '--',
    ...suiteArguments(values, extra, suite, where, focus),
  ];
}

/** The suite's own part of the command, which selects the specs too. */
export function suiteArguments(
  values: GinkgoValues,
  extra: ExtraWords,
  suite: Suite,
  where: Surroundings,
  focus: readonly string[] = [values.focusRegex],
): string[] {
  const send = (flag: string, value: string) => (value !== '' && suite.knows(flag) ? [`--${flag}=${value}`] : []);
  const insist = (flag: string, value: string, typed: string) => {
    if (value !== '' && !suite.knows(flag)) throw new RunError(`${typed}: ${where.e2eTest} has no flag --${flag}`);
    return send(flag, value);
  };
  return [
    ...send('kubeconfig', where.kubeconfig),
    ...send('kubectl-path', where.kubectl),
    ...selection('skip', [values.skipRegex, ...extra.skip], suite),
    ...selection('focus', [...focus, ...extra.focus], suite),
    ...insist('ginkgo.label-filter', values.labelFilter, '--label-filter'),
    ...provider(values, extra, where, send, insist),
    ...send('report-dir', where.reportDir),
    ...(suite.ginkgo === 2 ? send('ginkgo.timeout', formatDuration(values.timeout)) : []),
    ...extra.test,
  ];
}

/** The value of the last `--flag=value` or `--flag value` among words, as Go's flags read them. */
export function lastValue(words: readonly string[], flag: string): string | undefined {
  let value: string | undefined;
  for (const [at, word] of words.entries()) {
    if (word === `--${flag}` || word === `-${flag}`) value = words[at + 1];
    else if (word.startsWith(`--${flag}=`) || word.startsWith(`-${flag}=`)) value = word.slice(word.indexOf('=') + 1);
  }
  return value;
}

type Send = (flag: string, value: string, typed: string) => string[];

/** The deployer's provider replaces an empty one only for gce, whose project and zone the suite needs as well. */
function provider(values: GinkgoValues, extra: ExtraWords, where: Surroundings, send: Send, insist: Send): string[] {
  const typed = lastValue(extra.test, 'provider');
  const name = values.provider !== '' ? values.provider : where.provider === 'gce' && typed === undefined ? 'gce' : '';
  const words = insist('provider', name, '--provider');
  if ((typed ?? name) !== 'gce') return words;
  const given = (flag: string, variable: string) =>
    lastValue(extra.test, flag) === undefined ? send(flag, where.env[variable] ?? '', '') : [];
  return [...words, ...given('gce-project', 'PROJECT'), ...given('gce-zone', 'KUBE_GCE_ZONE')];
}

/** One argument of a command line may have 128 KiB; Ginkgo 2 joins several by `|`. */
const LONGEST = 100_000;

function selection(kind: 'focus' | 'skip', patterns: readonly string[], suite: Suite): string[] {
  const joined: string[] = [];
  for (const pattern of patterns.filter((each) => each !== '')) {
    const last = joined.at(-1);
    if (last !== undefined && last.length + pattern.length < LONGEST) joined[joined.length - 1] = `${last}|${pattern}`;
    else joined.push(pattern);
  }
  if (joined.length > 1 && suite.ginkgo === 1) throw new RunError(`the ${kind} is too long for a Ginkgo 1 suite`);
  return joined.map((value) => `--ginkgo.${kind}=${value}`);
}

function split(flag: string, typed: string): ShellArgument[] {
  try {
    return shellSplitWithEscapes(typed);
  } catch (error) {
    throw new UsageError(`${flag}: ${messageOf(error)}: ${typed}`, { cause: error });
  }
}

function refuseLostBackslashes(kind: 'focus' | 'skip', { text, escaped }: ShellArgument): void {
  if (!/[[\]swdbSWDB.]/.test(escaped)) return;
  throw new UsageError(
    `--test-args is split as a shell would, which takes the backslashes out of --ginkgo.${kind} and leaves ${JSON.stringify(text)}; ` +
      `use --${kind}-regex, which is never split, or put the expression in single quotes inside --test-args`,
  );
}
