import { type BuildOptions, buildOptions } from '../../src/kube-build/flags.ts';
import { findProgram } from '../../src/system/find-program.ts';
import { rootOf } from './cluster.ts';
import type { GceContext } from './context.ts';

/** Builds what kube-up.sh looks for in the tree, and stages it if `--stage` is set. */
export async function build(context: GceContext, signal: AbortSignal): Promise<void> {
  const { run, values } = context;
  if (values.legacyMode) {
    const { buildAndStage } = await import('../../src/kube-build/build-and-stage.ts');
    await buildAndStage(gceBuild(context), run, signal);
    return;
  }
  if (values.stage !== '') run.log.warn('Ignoring --stage: only builds with --legacy-mode are staged');
  await run.exec(['make', 'release-tars'], { signal, cwd: rootOf(context) });
}

/** The build that the flags describe. Throws UsageError for invalid values. */
export function gceBuild(context: GceContext): BuildOptions {
  const { run, values } = context;
  const kubectlMissing = run.asked.up && findProgram('kubectl', run.env, run.cwd) === undefined;
  return buildOptions(values, rootOf(context), run, {
    versionSuffix: run.id,
    gceFiles: true,
    needs: kubectlMissing ? ['kubectl'] : [],
    usesTree: run.asked.up,
  });
}

/** The command that builds, for `--dry-run`. */
export const buildCommand = ({ values }: GceContext): string[] =>
  values.legacyMode
    ? ['make', 'quick-release', `KUBE_BUILD_PLATFORMS=${values.targetBuildArch}`]
    : ['make', 'release-tars'];
