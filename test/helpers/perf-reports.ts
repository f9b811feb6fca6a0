import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Item {
  readonly data: Readonly<Record<string, number>>;
  readonly unit: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An API call as the responsiveness measurement tells it; latencies in milliseconds. */
export const call = (verb: string, resource: string, scope: string, p99: number): Item => ({
  data: { Perc50: p99 / 4, Perc90: p99 / 2, Perc99: p99 },
  unit: 'ms',
  labels: { Verb: verb, Resource: resource, Subresource: '', Scope: scope, Count: '120', SlowCount: '0' },
});

/** A phase of a pod's start; latencies in milliseconds. */
export const phase = (name: string, p99: number): Item => ({
  data: { Perc50: p99 / 4, Perc90: p99 / 2, Perc99: p99 },
  unit: 'ms',
  labels: { Metric: name },
});

/** A directory with the reports of one clusterloader2 run. */
export function reportDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'cl2-reports-'));
}

/** Writes a PerfData summary as clusterloader2 names it. */
export function writeSummary(
  directory: string,
  name: string,
  items: readonly Item[],
  time = '2026-08-01T10:00:00Z',
): void {
  writeFileSync(join(directory, `${name}_${time}.json`), JSON.stringify({ version: 'v1', dataItems: items }, null, 2));
}

/** Writes the configuration of test `load`, with these measurements. */
export function writeConfig(directory: string, measurements: string, test = 'load'): void {
  writeFileSync(
    join(directory, `generatedConfig_${test}.yaml`),
    `name: ${test}\nnamespace:\n  number: 1\nsteps:\n- name: starting measurements\n  measurements:\n${measurements}tuningSets: []\n`,
  );
}

/** One measurement of a configuration. */
export const measurement = (method: string, identifier: string, params: Readonly<Record<string, string>>): string =>
  [
    `  - method: ${method}`,
    `    identifier: ${identifier}`,
    '    params:',
    ...Object.entries({ action: 'start', ...params }).map(([key, value]) => `      ${key}: ${value}`),
    '',
  ].join('\n');
