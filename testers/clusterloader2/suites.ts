import { UsageError } from '../../src/api/errors.ts';

/** The standard suites and the test configs they stand for, relative to the clusterloader2 folder of perf-tests. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  load: ['testing/load/config.yaml'],
  density: ['testing/density/config.yaml'],
  'node-throughput': ['testing/node-throughput/config.yaml'],
};

/** The test configs of suites, in their order. Throws UsageError that lists the known ones for a name that is none. */
export function suiteConfigs(names: readonly string[]): string[] {
  const unknown = names.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--suites: ${unknown.map((name) => JSON.stringify(name)).join(', ')} is none of ${Object.keys(SUITES).join(', ')}`,
    );
  }
  return names.flatMap((name) => SUITES[name] ?? []);
}
