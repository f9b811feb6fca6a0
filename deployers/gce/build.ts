import { buildAndStage } from '../../src/kube-build/build-and-stage.ts';
import { type BuildOptions, buildOptions } from '../../src/kube-build/flags.ts';
import { findProgram } from '../../src/system/find-program.ts';
import { rootOf } from './cluster.ts';
import type { Site } from './context.ts';

/** Builds what kube-up.sh looks for in the tree, and stages it where that is asked for. */
export async function build(site: Site, signal: AbortSignal): Promise<void> {
  const { run, values } = site;
  if (values.legacyMode) {
    await buildAndStage(gceBuild(site), run, signal);
    return;
  }
  if (values.stage !== '') run.log.warn('--stage is for --legacy-mode: this build is not staged.');
  await run.exec(['make', 'release-tars'], { signal, cwd: rootOf(site) });
}

/** What the flags ask to be built. Throws UsageError for values that cannot work. */
export function gceBuild(site: Site): BuildOptions {
  const { run, values } = site;
  const lacksKubectl = run.asked.up && findProgram('kubectl', run.env, run.cwd) === undefined;
  return buildOptions(values, rootOf(site), run, {
    versionSuffix: run.id,
    gceFiles: true,
    needs: lacksKubectl ? ['kubectl'] : [],
    usesTree: run.asked.up,
  });
}

export const buildWords = ({ values }: Site): string[] =>
  values.legacyMode
    ? ['make', 'quick-release', `KUBE_BUILD_PLATFORMS=${values.targetBuildArch}`]
    : ['make', 'release-tars'];
