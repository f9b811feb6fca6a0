import { messageOf, UsageError } from '../../src/api/errors.ts';
import type { Values } from '../../src/api/flags.ts';
import type { nodeFlags } from './flags.ts';

export type NodeValues = Values<typeof nodeFlags>;

/**
 * What runs the tests: `make` in a repository, or e2e_node.test itself, built there, put into the run directory by a
 * build, found on PATH or downloaded from a release.
 */
export type Mode = 'make' | 'build' | 'run-dir' | 'path' | 'package';

const PROVIDERS: Readonly<Record<string, 'gce' | 'ec2'>> = { gce: 'gce', ec2: 'ec2', aws: 'ec2' };

/** The mode that the flags select. Throws UsageError unless they select exactly one. */
export function modeOf(values: NodeValues): Mode {
  const specified = [
    values.repoRoot !== '' && '--repo-root',
    values.useBuiltBinaries && '--use-built-binaries',
    values.useBinariesFromPath && '--use-binaries-from-path',
    values.useBinariesFromPackage && '--use-binaries-from-package',
  ].filter((flag) => flag !== false);
  if (specified.length !== 1) {
    throw new UsageError(
      `the node tester needs exactly one of --repo-root, --use-built-binaries, --use-binaries-from-path, --use-binaries-from-package; ${
        specified.length === 0 ? 'none is set' : `set: ${specified.join(', ')}`
      }`,
    );
  }
  if (values.useBuiltBinaries) return 'run-dir';
  if (values.useBinariesFromPath) return 'path';
  if (values.useBinariesFromPackage) return 'package';
  return values.buildBinaries ? 'build' : 'make';
}

/** The cloud of the instances; undefined when the tests run on this host. Throws UsageError for an unknown one. */
export function providerOf(values: NodeValues): 'gce' | 'ec2' | undefined {
  if (!values.remote) return undefined;
  const provider = PROVIDERS[values.provider];
  if (provider === undefined)
    throw new UsageError(
      `unknown provider ${JSON.stringify(values.provider)} of the node tester (available: gce, ec2)`,
    );
  return provider;
}

/** Missing and contradictory flags, one sentence each. `zone` is the deployer's, if it has one. */
export function problemsOf(values: NodeValues, zone: string | undefined): string[] {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(messageOf(error));
      return undefined;
    }
  };
  const mode = attempt(() => modeOf(values));
  const provider = attempt(() => providerOf(values));
  if (values.parallelism < 0) problems.push(`invalid --parallelism ${values.parallelism}: must not be negative`);
  if (values.buildBinaries && values.repoRoot === '') problems.push('--build-binaries needs --repo-root');
  if (provider === 'gce' && values.gcpZone === '' && !zone) problems.push('--provider=gce needs --gcp-zone');
  if (provider === 'ec2' && mode !== undefined && mode !== 'make') {
    problems.push(
      '--provider=ec2 needs --repo-root=PROVIDER-AWS-TEST-INFRA without --build-binaries: e2e_node.test creates instances on gce only',
    );
  }
  return problems;
}
