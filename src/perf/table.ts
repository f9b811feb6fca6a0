import type { Latency } from './summaries.ts';

/**
 * Lines of columns, two blanks apart, under a heading; texts to the left and, from column `numbersFrom` on, numbers to
 * the right.
 */
export function textTable(rows: readonly (readonly string[])[], numbersFrom: number): string {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at < numbersFrom ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A line of a table, and the heading it stands under. */
export interface Row {
  readonly heading: string;
  /** One character before it, which makes it stand out. */
  readonly mark?: string;
  readonly cells: readonly string[];
}

/** A table whose rows stand, set in, under headings: a heading is told once, where it changes. */
export function groupedTable(heads: readonly string[], rows: readonly Row[], numbersFrom: number): string {
  const [first = '', ...lines] = textTable([heads, ...rows.map(({ cells }) => cells)], numbersFrom).split('\n');
  return [
    `  ${first}`,
    ...lines.flatMap((line, at) => {
      const heading = rows[at]?.heading ?? '';
      return [...(heading === rows[at - 1]?.heading ? [] : [heading]), `${rows[at]?.mark ?? ' '} ${line}`];
    }),
  ].join('\n');
}

/** What latencies stand under: their test and measurement. */
export const headingOf = ({ test, measurement }: Pick<Latency, 'test' | 'measurement'>): string =>
  `${test}: ${measurement}`;

/** The latency percentiles of a run: one line for each thing that was measured, missed objectives marked. */
export function latencyTable(latencies: readonly Latency[]): string {
  const rows = latencies.map((latency) => {
    const { subject, p50, p90, p99, slo } = latency;
    const objective = slo === undefined ? '' : milliseconds(slo);
    const cells = [subject, ...[p50, p90, p99].map(milliseconds), objective, isMissed(latency) ? 'MISSED' : ''];
    return { heading: headingOf(latency), cells };
  });
  return groupedTable(['what', 'p50', 'p90', 'p99', 'SLO', ''], rows, 1);
}

/** True when the 99th percentile is above what is allowed. */
export const isMissed = ({ p99, slo }: Pick<Latency, 'p99' | 'slo'>): boolean => slo !== undefined && p99 > slo;

/** `0.42ms`, `12.3ms`, `1.20s`: three digits that matter. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${digits(ms / 1000)}s`;
  return `${digits(ms)}ms`;
}

function digits(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
