import type { Latency } from './summaries.ts';
import { groupedTable, headingOf, milliseconds } from './table.ts';

/** One measurement in two runs; one of them may lack it. */
export type Compared = (
  | { readonly before: Latency; readonly after: Latency | undefined }
  | { readonly before: undefined; readonly after: Latency }
) & {
  /** The percentiles that regressed by more than the threshold. */
  readonly worse: readonly ('p50' | 'p90' | 'p99')[];
};

const PERCENTILES = ['p50', 'p90', 'p99'] as const;

/**
 * Pairs the latencies of two runs by test, measurement and labels.
 * @param threshold the accepted growth, 0.1 for 10 %; @param floor smaller growth is noise, in milliseconds
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

/** The table of both runs: each percentile of the first and second run, regressions marked. */
export function comparisonTable(compared: readonly Compared[]): string {
  const rows = compared.map(({ before, after, worse }) => {
    const cells = PERCENTILES.map((name) => pair(shown(before?.[name]), shown(after?.[name])));
    const some = before ?? after;
    return { heading: headingOf(some), mark: worse.length > 0 ? '!' : ' ', cells: [some.subject, ...cells] };
  });
  return groupedTable(['what', ...PERCENTILES.map((name) => pair(name, 'then'))], rows, 1);
}

/** The regressions, as a sentence or a table. */
export function verdict(compared: readonly Compared[], threshold: string): string {
  const both = compared.filter(({ before, after }) => before !== undefined && after !== undefined).length;
  const alone = compared.length - both;
  const worse = compared.filter(({ worse }) => worse.length > 0);
  const counted = `${both} compared${alone > 0 ? `, ${alone} in one run only` : ''}`;
  if (worse.length === 0) return `No latency grew by more than ${threshold} (${counted})`;
  const rows = worse.map(({ before, after, worse: names }) => {
    const some = before ?? after;
    const cells = PERCENTILES.map((name) => (names.includes(name) ? growth(before?.[name], after?.[name]) : ''));
    return { heading: headingOf(some), cells: [some.subject, ...cells] };
  });
  return [
    `Latencies that grew by more than ${threshold}: ${worse.length} (${counted})`,
    groupedTable(['what', ...PERCENTILES], rows, 1),
  ].join('\n');
}

/** Latencies by a key that is the same in both runs. It excludes counts, which differ; duplicates are numbered in order. */
function keyed(latencies: readonly Latency[]): Map<string, Latency> {
  const found = new Map<string, Latency>();
  for (const latency of latencies) {
    const { test, measurement, labels } = latency;
    const named = Object.entries(labels).filter(([name]) => name !== 'Count' && name !== 'SlowCount');
    const key = JSON.stringify([test, measurement, named.sort(([a], [b]) => (a < b ? -1 : 1))]);
    let duplicate = 0;
    while (found.has(`${key}${duplicate}`)) duplicate += 1;
    found.set(`${key}${duplicate}`, latency);
  }
  return found;
}

function shown(ms: number | undefined): string {
  return ms === undefined ? '-' : milliseconds(ms);
}

/** A value of the first run and one of the second, in columns of fixed width. */
const pair = (before: string, after: string): string => `${before.padStart(6)} ${after.padStart(6)}`;

function growth(before = 0, after = 0): string {
  if (before === 0) return 'new';
  const percent = ((after - before) / before) * 100;
  return `+${percent.toFixed(percent < 10 ? 1 : 0)}%`;
}
