import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDuration } from '../api/duration.ts';

/** Returns the objective for one subject of a measurement, in milliseconds; undefined when there is none. */
export type SloOf = (of: {
  readonly measurement: string;
  readonly test: string;
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
}) => number | undefined;

interface Measurement {
  readonly test: string;
  readonly method: string;
  readonly identifier: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Its `customThresholds`: the calls with an objective of their own. */
  readonly calls: readonly unknown[];
}

/** Kubernetes' own objectives for API calls and pods, the defaults of the test's configuration. */
const OBJECTIVES = { singleResource: 1_000, manyResources: 30_000, podStartup: 5_000 };

/**
 * Reads the thresholds of a report directory from the configurations that clusterloader2 ran
 * (`generatedConfig_TEST.yaml`), and the names of its tests, the longest first.
 */
export async function readThresholds(
  directory: string,
  names: readonly string[],
): Promise<{ readonly tests: readonly string[]; readonly sloOf: SloOf }> {
  const tests = names
    .flatMap((name) => /^generatedConfig_(.+)\.yaml$/.exec(name)?.[1] ?? [])
    .sort((a, b) => b.length - a.length);
  const measurements: Measurement[] = [];
  for (const test of tests) {
    const text = await readFile(join(directory, `generatedConfig_${test}.yaml`), 'utf8');
    measurements.push(...(await measurementsOf(test, text)));
  }
  return { tests, sloOf: (of) => sloOf(of, measurements) };
}

async function measurementsOf(test: string, text: string): Promise<Measurement[]> {
  const { parse } = await import('yaml');
  const read = (yaml: unknown): unknown => {
    try {
      return typeof yaml === 'string' ? parse(yaml) : undefined;
    } catch {
      return undefined;
    }
  };
  const config = read(text);
  const callsOf = (params: Readonly<Record<string, unknown>>): readonly unknown[] => {
    const calls = read(params['customThresholds']);
    return Array.isArray(calls) ? calls : [];
  };
  return list(config, 'steps').flatMap((step) =>
    list(step, 'measurements').flatMap((each) => {
      const instances = list(each, 'instances');
      const method = field(each, 'method');
      const shared = record(record(each)['params']);
      return (instances.length === 0 ? [each] : instances).map((instance) => {
        const params = { ...shared, ...record(record(instance)['params']) };
        return { test, method, identifier: field(instance, 'identifier'), params, calls: callsOf(params) };
      });
    }),
  );
}

const sloOf = (of: Parameters<SloOf>[0], measurements: readonly Measurement[]): number | undefined => {
  const own = measurements.filter((each) => each.test === of.test && isOf(each, of.measurement));
  const params = Object.assign({}, ...own.map((each) => each.params)) as Readonly<Record<string, unknown>>;
  if (of.measurement.startsWith('APIResponsiveness')) {
    const call = own.flatMap(({ calls }) => calls).findLast((each) => isCall(each, of.labels));
    const custom = durationOf(record(call)['threshold']);
    if (custom !== undefined) return custom;
    if (of.labels['Scope'] !== 'resource') return OBJECTIVES.manyResources;
    return durationOf(params['singleResourceThreshold']) ?? OBJECTIVES.singleResource;
  }
  const allowed = durationOf(params['perc99Threshold']) ?? durationOf(params['threshold']);
  if (/^(Stateless|Stateful)?PodStartupLatency/.test(of.measurement)) {
    return of.subject === 'pod_startup' ? (allowed ?? OBJECTIVES.podStartup) : undefined;
  }
  return allowed;
};

/** A summary is named after its `summaryName`, its method, or its method and identifier. */
function isOf(each: Measurement, name: string): boolean {
  const own = each.params['summaryName'];
  if (typeof own === 'string') return own === name;
  return name === each.method || name.endsWith(`${each.method}_${each.identifier}`);
}

/** True when an entry of `customThresholds` applies to the call with these labels. */
function isCall(entry: unknown, labels: Readonly<Record<string, string | undefined>>): boolean {
  return ['Verb', 'Resource', 'Subresource', 'Scope'].every(
    (name) => (record(entry)[name.toLowerCase()] ?? '') === (labels[name] ?? ''),
  );
}

/** A duration above zero, in milliseconds. */
function durationOf(value: unknown): number | undefined {
  return typeof value === 'string' ? parseDuration(value) || undefined : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** The value of a key in a generated configuration; versions of clusterloader2 differ in the case of keys. */
function entry(value: unknown, key: string): unknown {
  return record(value)[key] ?? record(value)[`${key[0]?.toUpperCase()}${key.slice(1)}`];
}

function list(value: unknown, key: string): readonly unknown[] {
  const found = entry(value, key);
  return Array.isArray(found) ? found : [];
}

function field(value: unknown, key: string): string {
  const found = entry(value, key);
  return typeof found === 'string' ? found : '';
}
