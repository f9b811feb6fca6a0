import type { Latency } from './summaries.ts';
import { groupedTable, headingOf, milliseconds } from './table.ts';

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

/** What got worse, in a sentence or a table. */
export function verdict(compared: readonly Compared[], threshold: string): string {
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
