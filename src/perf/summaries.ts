import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RunError } from '../api/errors.ts';
import { readThresholds, type SloOf } from './thresholds.ts';

/** The latency percentiles of one subject of a measurement, in milliseconds. */
export interface Latency {
  /** The measurement's summary as clusterloader2 names it, for instance `APIResponsivenessPrometheus_simple`. */
  readonly measurement: string;
  /** The name of the test it belongs to, for instance `load`. */
  readonly test: string;
  /** What was measured, for display: `LIST pods (cluster)`, `pod_startup`. */
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** The objective for the 99th percentile, if known. */
  readonly slo: number | undefined;
}

/** The content of a report directory of clusterloader2. */
export interface Summaries {
  /** The names of the PerfData files, sorted. */
  readonly files: readonly string[];
  /** Without those of measurements that observed nothing and report zeros. */
  readonly latencies: readonly Latency[];
  /** An error message for each file that could not be read. */
  readonly faults: readonly string[];
}

const NAME = /^(.+)_(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))\.json$/;
const MILLISECONDS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3 };

/**
 * Reads the PerfData summaries (`NAME_TEST_TIME.json`) of a report directory, the latest one of each measurement and test.
 * Files older than `since`, in milliseconds since 1970, are ignored.
 * Throws RunError when the directory cannot be read.
 */
export async function readSummaries(directory: string, since = 0): Promise<Summaries> {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new RunError(`cannot read the reports in ${directory}: ${messageOf(error)}`, { cause: error });
  });
  const { tests, sloOf } = await readThresholds(directory, names);
  const latest = new Map<string, { readonly file: string; readonly time: number }>();
  for (const file of names) {
    const [, name, time] = NAME.exec(file) ?? [];
    if (name === undefined || time === undefined || (await stat(join(directory, file))).mtimeMs < since) continue;
    if ((latest.get(name)?.time ?? 0) < Date.parse(time)) latest.set(name, { file, time: Date.parse(time) });
  }
  const files: string[] = [];
  const latencies: Latency[] = [];
  const faults: string[] = [];
  for (const [name, { file }] of [...latest].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const data = parsePerfData(await readFile(join(directory, file), 'utf8'));
      if (data === undefined) continue;
      files.push(file);
      const found = latenciesOf(data, namesOf(name, tests), sloOf);
      if (found.some(({ p99 }) => p99 > 0)) latencies.push(...found);
    } catch (error) {
      faults.push(`invalid summary ${file}: ${messageOf(error)}`);
    }
  }
  return { files, latencies, faults };
}

interface DataItem {
  readonly data: Readonly<Record<string, number>>;
  readonly unit: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The items of a PerfData file; undefined for other JSON that measurements write. Throws for invalid JSON. */
function parsePerfData(text: string): readonly DataItem[] | undefined {
  const file: unknown = JSON.parse(text);
  if (!isRecord(file) || !Array.isArray(file['dataItems'])) return undefined;
  return file['dataItems'].filter(isRecord).map((item) => ({
    data: numbers(item['data']),
    unit: String(item['unit'] ?? ''),
    labels: strings(item['labels']),
  }));
}

function latenciesOf(
  items: readonly DataItem[],
  of: { readonly measurement: string; readonly test: string },
  sloOf: SloOf,
): Latency[] {
  return items.flatMap(({ data, unit, labels }) => {
    const scale = MILLISECONDS[unit];
    const { Perc50: p50, Perc90: p90, Perc99: p99 } = data;
    if (scale === undefined || p50 === undefined || p90 === undefined || p99 === undefined) return [];
    const subject = subjectOf(labels, of.measurement);
    const slo = sloOf({ ...of, subject, labels });
    return [{ ...of, subject, labels, p50: p50 * scale, p90: p90 * scale, p99: p99 * scale, slo }];
  });
}

/** `PodStartupLatency_Create_load` of test `load` is measurement `PodStartupLatency_Create`. */
function namesOf(name: string, tests: readonly string[]): { measurement: string; test: string } {
  const test = tests.find((each) => name.endsWith(`_${each}`)) ?? name.slice(name.lastIndexOf('_') + 1);
  return { measurement: name.slice(0, -test.length - 1) || name, test };
}

function subjectOf(labels: Readonly<Record<string, string | undefined>>, measurement: string): string {
  const { Verb, Resource, Subresource, Scope, Metric } = labels;
  if (Verb !== undefined && Resource !== undefined) {
    return `${Verb} ${Resource}${Subresource ? `/${Subresource}` : ''}${Scope ? ` (${Scope})` : ''}`;
  }
  if (Metric !== undefined) return Metric;
  const rest = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return rest.length > 0 ? rest.join(' ') : measurement;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numbers(value: unknown): Record<string, number> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

function strings(value: unknown): Record<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([key, each]) => [key, String(each)]));
}
