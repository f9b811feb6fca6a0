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

/** The latency percentiles of a run: one line for each thing that was measured, missed objectives marked. */
export function latencyTable(latencies: readonly Latency[]): string {
  const rows = latencies.map(({ test, measurement, subject, p50, p90, p99, slo }) => [
    test,
    measurement,
    subject,
    ...[p50, p90, p99].map(milliseconds),
    slo === undefined ? '' : milliseconds(slo),
    slo !== undefined && p99 > slo ? 'MISSED' : '',
  ]);
  return textTable([['test', 'measurement', 'what', 'p50', 'p90', 'p99', 'SLO', ''], ...rows], 3);
}

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
