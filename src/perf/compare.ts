import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { duration, text, toggle } from '../api/flags.ts';
import { renderHelp } from '../cli/flags/help.ts';
import { parseFlags } from '../cli/flags/parse.ts';
import { type Latency, readSummaries } from './summaries.ts';
import { groupedTable, headingOf, milliseconds } from './table.ts';

/** What a subcommand is given of the process it runs in. */
export interface PerfWorld {
  readonly env: Env;
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The flags of `perf compare`. */
export const compareFlags = {
  threshold: text('How much a percentile may grow, in percent of the first run.', '10%'),
  floor: duration('Growth below this is noise, however large in percent.', 5),
  help: toggle('Show what can be said here.', false, { short: 'h' }),
} as const;

const usage = (): string =>
  renderHelp({
    program: 'kubetest2-ts',
    usage: ['perf compare RUN RUN [flags]'],
    about: `Compares the latency percentiles of two clusterloader2 runs and says what got worse.
RUN is a folder with clusterloader2's reports: the artifacts of a run, or its --report-dir.
Exit code: 0 nothing got worse, 1 something did, 2 usage.`,
    sections: [{ title: 'Flags', flags: compareFlags }],
  });

/**
 * `perf compare RUN RUN`: prints the latency percentiles of two runs side by side, then what got worse.
 * Resolves to the exit code: 0, 1 when something got worse, 2 for a wrong command line or a folder without reports.
 */
export async function perfCompare(words: readonly string[], world: PerfWorld): Promise<number> {
  const { values, positionals, faults } = parseFlags({ compare: compareFlags }, words, world.env);
  if (values.compare.help) {
    world.stdout(usage());
    return 0;
  }
  const threshold = percent(values.compare.threshold);
  const wrong = [...faults];
  if (threshold === undefined) wrong.push(`--threshold=${values.compare.threshold} is not a percentage such as 10%`);
  const [first, second, ...rest] = positionals;
  if (first === undefined || second === undefined || rest.length > 0) wrong.push('perf compare takes two runs');
  if (wrong.length > 0 || first === undefined || second === undefined || threshold === undefined) {
    world.stderr(`${wrong.join('\n')}\n\n${usage()}`);
    return 2;
  }
  const before = await read(first, world);
  const after = before && (await read(second, world));
  if (before === undefined || after === undefined) return 2;
  const compared = compareRuns(before, after, threshold, values.compare.floor);
  world.stdout(`${comparisonTable(compared)}\n\n${verdict(compared, values.compare.threshold)}\n`);
  return compared.some(({ worse }) => worse.length > 0) ? 1 : 0;
}

/** One measured thing in two runs, of which one may not have it. */
export type Compared = (
  | { readonly before: Latency; readonly after: Latency | undefined }
  | { readonly before: undefined; readonly after: Latency }
) & {
  /** The percentiles that grew by more than is allowed. */
  readonly worse: readonly ('p50' | 'p90' | 'p99')[];
};

const PERCENTILES = ['p50', 'p90', 'p99'] as const;

/**
 * Pairs what two runs measured, by test, measurement and labels.
 * @param threshold the growth allowed, 0.1 for 10 %; @param floor milliseconds of growth that are noise
 */
export function compareRuns(
  before: readonly Latency[],
  after: readonly Latency[],
  threshold: number,
  floor: number,
): Compared[] {
  const [earlier, later] = [keyed(before), keyed(after)];
  const pairs = Array.from(earlier, ([key, latency]) => ({ before: latency, after: later.get(key) }));
  const added = Array.from(later).flatMap(([key, latency]) => (earlier.has(key) ? [] : [latency]));
  return [
    ...pairs.map((pair) => ({
      ...pair,
      worse: PERCENTILES.filter((name) => {
        const grown = pair.after === undefined ? 0 : pair.after[name] - pair.before[name];
        return grown > floor && grown > pair.before[name] * threshold;
      }),
    })),
    ...added.map((latency) => ({ before: undefined, after: latency, worse: [] })),
  ];
}

/** The table of both runs: each percentile in the first and then in the second, what got worse marked. */
export function comparisonTable(compared: readonly Compared[]): string {
  const rows = compared.map(({ before, after, worse }) => {
    const cells = PERCENTILES.map((name) => pair(shown(before?.[name]), shown(after?.[name])));
    const some = before ?? after;
    return { heading: headingOf(some), mark: worse.length > 0 ? '!' : ' ', cells: [some.subject, ...cells] };
  });
  return groupedTable(['what', ...PERCENTILES.map((name) => pair(name, 'then'))], rows, 1);
}

function verdict(compared: readonly Compared[], threshold: string): string {
  const both = compared.filter(({ before, after }) => before !== undefined && after !== undefined).length;
  const alone = compared.length - both;
  const worse = compared.filter(({ worse }) => worse.length > 0);
  const counted = `${both} compared${alone > 0 ? `, ${alone} in one run only` : ''}`;
  if (worse.length === 0) return `Nothing got worse by more than ${threshold} (${counted}).`;
  const rows = worse.map(({ before, after, worse: names }) => {
    const some = before ?? after;
    const cells = PERCENTILES.map((name) => (names.includes(name) ? growth(before?.[name], after?.[name]) : ''));
    return { heading: headingOf(some), cells: [some.subject, ...cells] };
  });
  return [
    `Got worse by more than ${threshold}: ${worse.length} (${counted})`,
    groupedTable(['what', ...PERCENTILES], rows, 1),
  ].join('\n');
}

async function read(run: string, world: PerfWorld): Promise<readonly Latency[] | undefined> {
  world.signal.throwIfAborted();
  const folder = resolve(world.cwd, run);
  const there = await readdir(folder).then(
    () => true,
    () => false,
  );
  const { latencies, faults } = there ? await readSummaries(folder) : { latencies: [], faults: [] };
  for (const fault of faults) world.stderr(`${fault}\n`);
  if (latencies.length > 0) return latencies;
  world.stderr(
    there
      ? `${run} holds no latency summaries of clusterloader2\n`
      : `${run} is not a folder: a run is named by its artifacts, or its --report-dir\n`,
  );
  return undefined;
}

/** Latencies by what tells them apart in both runs: counts differ from run to run, and of twins their order counts. */
function keyed(latencies: readonly Latency[]): Map<string, Latency> {
  const found = new Map<string, Latency>();
  for (const latency of latencies) {
    const { test, measurement, labels } = latency;
    const named = Object.entries(labels).filter(([name]) => name !== 'Count' && name !== 'SlowCount');
    const key = JSON.stringify([test, measurement, named.sort(([a], [b]) => (a < b ? -1 : 1))]);
    let twin = 0;
    while (found.has(`${key}${twin}`)) twin += 1;
    found.set(`${key}${twin}`, latency);
  }
  return found;
}

function percent(typed: string): number | undefined {
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(typed) ?? [];
  return number === undefined ? undefined : Number(number) / 100;
}

function shown(ms: number | undefined): string {
  return ms === undefined ? '-' : milliseconds(ms);
}

/** A value of the first run and one of the second, each as wide as any is. */
const pair = (before: string, after: string): string => `${before.padStart(6)} ${after.padStart(6)}`;

function growth(before = 0, after = 0): string {
  if (before === 0) return 'new';
  const percent = ((after - before) / before) * 100;
  return `+${percent.toFixed(percent < 10 ? 1 : 0)}%`;
}
