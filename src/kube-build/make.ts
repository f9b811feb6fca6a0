import type { Run } from '../api/run.ts';

/** Builds Kubernetes' release for some platforms, reproducibly. Throws CommandError when it does not build. */
export async function makeQuickRelease(
  repoRoot: string,
  platforms: readonly string[],
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  const epoch = run.env['SOURCE_DATE_EPOCH'] || (await commitTime(repoRoot, run, signal));
  run.log.info(`builds ${repoRoot} for ${platforms.join(' and ')}`);
  await run.exec(quickRelease(platforms), {
    signal,
    cwd: repoRoot,
    env: epoch === undefined ? run.env : { ...run.env, SOURCE_DATE_EPOCH: epoch },
  });
}

/** The command that builds. */
export const quickRelease = (platforms: readonly string[]): readonly string[] => [
  'make',
  'quick-release',
  `KUBE_BUILD_PLATFORMS=${platforms.join(' ')}`,
];

/** When the last commit was made, in seconds since 1970: every date in the build is this one, so that it can be repeated. */
async function commitTime(repoRoot: string, run: Run, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { stdout } = await run.exec(['git', 'log', '-1', '--pretty=%ct'], {
      signal,
      cwd: repoRoot,
      output: 'capture',
    });
    if (/^\d+$/.test(stdout.trim())) return stdout.trim();
  } catch {
    signal.throwIfAborted();
  }
  run.log.warn(`git does not say when ${repoRoot} was last committed: the build will carry today's date`);
  return undefined;
}
