import type { Run } from '../api/run.ts';

/** Builds a Kubernetes release for some platforms, reproducibly. Throws CommandError when the build fails. */
export async function makeQuickRelease(
  repoRoot: string,
  platforms: readonly string[],
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  const epoch = run.env['SOURCE_DATE_EPOCH'] || (await commitTime(repoRoot, run, signal));
  run.log.info(`Building ${repoRoot} for ${platforms.join(' and ')}`);
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

/** The time of the last commit in seconds since 1970: the date of everything in the build, so that it is reproducible. */
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
  run.log.warn(`Cannot get the time of the last commit in ${repoRoot}: the build will not be reproducible`);
  return undefined;
}
