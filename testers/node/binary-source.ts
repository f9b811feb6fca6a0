import { UsageError } from '../../src/api/errors.ts';
import type { Values } from '../../src/api/flags.ts';
import type { nodeFlags } from './flags.ts';

export type NodeValues = Values<typeof nodeFlags>;

/**
 * Where the program that runs the tests comes from: `make` in a repository, or e2e_node.test itself, which was
 * built there, left in the run dir by a build, found through PATH or taken from a release.
 */
export type Mode = 'make' | 'build' | 'run-dir' | 'path' | 'package';

const PROVIDERS: Readonly<Record<string, 'gce' | 'ec2'>> = { gce: 'gce', ec2: 'ec2', aws: 'ec2' };

/** The mode the flags ask for. Throws UsageError unless they ask for exactly one. */
export function modeOf(values: NodeValues): Mode {
  const asked = [
    values.repoRoot !== '' && '--repo-root',
    values.useBuiltBinaries && '--use-built-binaries',
    values.useBinariesFromPath && '--use-binaries-from-path',
    values.useBinariesFromPackage && '--use-binaries-from-package',
  ].filter((flag) => flag !== false);
  if (asked.length !== 1) {
    throw new UsageError(
      `the node tester needs exactly one of --repo-root, --use-built-binaries, --use-binaries-from-path, --use-binaries-from-package; ${
        asked.length === 0 ? 'none is given' : `given: ${asked.join(', ')}`
      }`,
    );
  }
  if (values.useBuiltBinaries) return 'run-dir';
  if (values.useBinariesFromPath) return 'path';
  if (values.useBinariesFromPackage) return 'package';
  return values.buildBinaries ? 'build' : 'make';
}

/** The cloud of the machines; undefined when the tests run on this host. Throws UsageError for one nobody knows. */
export function providerOf(values: NodeValues): 'gce' | 'ec2' | undefined {
  if (!values.remote) return undefined;
  const provider = PROVIDERS[values.provider];
  if (provider === undefined) throw new UsageError(`--provider=${values.provider}: the node tester knows gce and ec2`);
  return provider;
}

/** What the flags miss or contradict, one sentence each. `zone` is the one the deployer has, if it has one. */
export function faultsOf(values: NodeValues, zone: string | undefined): string[] {
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      faults.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const mode = attempt(() => modeOf(values));
  const provider = attempt(() => providerOf(values));
  if (values.parallelism < 0) faults.push('--parallelism cannot be negative');
  if (values.buildBinaries && values.repoRoot === '') faults.push('--build-binaries needs --repo-root');
  if (provider === 'gce' && values.gcpZone === '' && !zone) faults.push('--provider=gce needs --gcp-zone');
  if (provider === 'ec2' && mode !== undefined && mode !== 'make') {
    faults.push(
      '--provider=ec2 needs --repo-root=PROVIDER-AWS-TEST-INFRA without --build-binaries: e2e_node.test makes machines on gce only',
    );
  }
  return faults;
}
