import { UsageError } from '../../src/api/errors.ts';

/** The standard suites and their test configs, relative to the clusterloader2 directory of perf-tests. */
const SUITES: Readonly<Record<string, readonly string[]>> = {
  load: ['testing/load/config.yaml'],
  density: ['testing/density/config.yaml'],
  'node-throughput': ['testing/node-throughput/config.yaml'],
};

/** The test configs of suites, in their order. Throws UsageError with the known suites for an unknown name. */
export function suiteConfigs(names: readonly string[]): string[] {
  const unknown = names.filter((name) => !Object.hasOwn(SUITES, name));
  if (unknown.length > 0) {
    throw new UsageError(
      `unknown suite ${unknown.map((name) => JSON.stringify(name)).join(', ')} in --suites (available: ${Object.keys(SUITES).join(', ')})`,
    );
  }
  return names.flatMap((name) => SUITES[name] ?? []);
}
