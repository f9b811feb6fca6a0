import { join } from 'node:path';
import { messageOf, RunError, UsageError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { parseVersion } from '../kube/version.ts';
import type { BuildOptions } from './flags.ts';

/**
 * The version that a build of the tree will have, as its own script says; with the suffix, where there is one, behind
 * the commit. Throws RunError when the tree cannot say it, and UsageError for a tree with changes that go to `ci`.
 */
export async function versionOfTree(options: BuildOptions, run: Run, signal: AbortSignal): Promise<string> {
  const plain = await gitVersion(options.repoRoot, run, signal);
  const version = options.versionSuffix === '' ? plain : withSuffix(plain, options.versionSuffix);
  if (parseVersion(version) === undefined) {
    throw new RunError(`${options.repoRoot} says it is version ${JSON.stringify(version)}, which is none`);
  }
  if (options.stage?.ci && version.includes('dirty')) {
    throw new UsageError(
      `${version} has changes that are not committed: it can be staged under devel, but not under ci, where others take it for what is in git`,
    );
  }
  return version;
}

/** True for a version that says nothing certain about what is in it. */
export const isDirty = (version: string): boolean => version.includes('dirty');

/** One plus at most, so that the version with `_` for `+` is a tag of an image. */
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
      `the version of ${repoRoot} cannot be found out: ${messageOf(error)}; it has to be the root of a Kubernetes source tree (--repo-root)`,
      { cause: error },
    );
  }
  const [, version] = /^gitVersion (\S+)$/m.exec(printed) ?? [];
  if (version === undefined) throw new RunError(`${script} printed no gitVersion: ${printed.trim().slice(0, 500)}`);
  return version.startsWith('v') ? version : `v${version}`;
}
