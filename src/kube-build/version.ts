import { join } from 'node:path';
import { messageOf, RunError, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { parseVersion } from '../kube/version.ts';
import type { BuildOptions } from './flags.ts';

/**
 * The version that a build of the tree will have, from its own script, with the suffix, if there is one, after the commit.
 * Throws RunError when the tree has no version, and UsageError when a tree with changes is to be staged under `ci`.
 */
export async function versionOfTree(options: BuildOptions, run: Run, signal: AbortSignal): Promise<string> {
  const plain = await gitVersion(options.repoRoot, run, signal);
  const version = options.versionSuffix === '' ? plain : withSuffix(plain, options.versionSuffix);
  if (parseVersion(version) === undefined) {
    throw new RunError(`invalid version ${JSON.stringify(version)} of ${options.repoRoot}`);
  }
  if (options.stage?.ci && version.includes('dirty')) {
    throw new UsageError(
      `cannot stage ${version} under ci: the tree has uncommitted changes; commit them, or stage under gs://BUCKET/devel`,
    );
  }
  return version;
}

/** True for a version that does not identify the content of the build. */
export const isDirty = (version: string): boolean => version.includes('dirty');

/** At most one plus, so that the version with `_` for `+` is a valid image tag. */
function withSuffix(version: string, suffix: string): string {
  return `${version}${version.includes('+') ? '-' : '+'}${suffix.replace(/[^0-9A-Za-z.-]/g, '-')}`;
}

async function gitVersion(repoRoot: string, run: Run, signal: AbortSignal): Promise<string> {
  const script = join(repoRoot, 'hack', 'print-workspace-status.sh');
  let printed: string;
  try {
    printed = (await run.exec([script], { signal, cwd: repoRoot, output: 'capture' })).stdout;
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(
      `cannot get the version of ${repoRoot}: ${messageOf(error)}; --repo-root must be the root of a Kubernetes source tree`,
      { cause: error },
    );
  }
  const [, version] = /^gitVersion (\S+)$/m.exec(printed) ?? [];
  if (version === undefined) throw new RunError(`${script} printed no gitVersion: ${printed.trim().slice(0, 500)}`);
  return version.startsWith('v') ? version : `v${version}`;
}
