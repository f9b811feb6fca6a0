import type { Latency } from './summaries.ts';

/**
 * Formats rows as columns, two blanks apart: texts left-aligned and, from column `numbersFrom` on, numbers right-aligned.
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

/** A row of a table, and its group's heading. */
export interface Row {
  readonly heading: string;
  /** One character in front of it, as a marker. */
  readonly mark?: string;
  readonly cells: readonly string[];
}

/** Formats a table whose rows are indented under the headings of their groups. */
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

/** The heading of latencies: their test and measurement. */
export const headingOf = ({ test, measurement }: Pick<Latency, 'test' | 'measurement'>): string =>
  `${test}: ${measurement}`;

/** The latency percentiles of a run: one row for each subject, missed objectives marked. */
export function latencyTable(latencies: readonly Latency[]): string {
  const rows = latencies.map((latency) => {
    const { subject, p50, p90, p99, slo } = latency;
    const objective = slo === undefined ? '' : milliseconds(slo);
    const cells = [subject, ...[p50, p90, p99].map(milliseconds), objective, isMissed(latency) ? 'MISSED' : ''];
    return { heading: headingOf(latency), cells };
  });
  return groupedTable(['what', 'p50', 'p90', 'p99', 'SLO', ''], rows, 1);
}

/** True when the 99th percentile is above the objective. */
export const isMissed = ({ p99, slo }: Pick<Latency, 'p99' | 'slo'>): boolean => slo !== undefined && p99 > slo;

/** `0.42ms`, `12.3ms`, `1.20s`: three significant digits. */
export function milliseconds(ms: number): string {
  if (ms >= 1000) return `${digits(ms / 1000)}s`;
  return `${digits(ms)}ms`;
}

function digits(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : 2);
}
