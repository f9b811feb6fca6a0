import { resolve } from 'node:path';
import { UsageError } from '../api/errors.ts';
import { oneOf, text, toggle, type Values } from '../api/flags.ts';
import type { Run } from '../api/run.ts';
import { parseStage, type StageLocation } from './location.ts';

const group = 'Build';

/** The flags of deployers that build Kubernetes, with the names and defaults of kubetest2's gce deployer. */
export const buildFlags = {
  strategy: oneOf('How to build Kubernetes.', ['make'], 'make', { group }),
  stage: text(
    'Cloud Storage location to upload the build to: gs://BUCKET/ci or gs://BUCKET/devel, optionally with a path.',
    '',
    { group },
  ),
  stageLayout: oneOf(
    'Directory for --stage=gs://BUCKET/ci/JOB: ci/JOB (path), or JOB, as in krel and kubetest2 (krel).',
    ['path', 'krel'],
    'path',
    { group },
  ),
  imageLocation: text('Registry to push the images of a staged build to.', '', { group }),
  updateLatest: toggle('Update the version markers of --stage=gs://BUCKET/ci if the build is newer.', false, {
    group,
  }),
  targetBuildArch: text('Platforms to build for, separated by spaces.', 'linux/amd64', { group }),
};

/** The source tree. Separate, since deployers use it for more than building. */
export const repoRootFlag = {
  repoRoot: text('Root of the Kubernetes source tree (default: the working directory).', '', { group }),
};

/** What to build and stage, validated. */
export interface BuildOptions {
  /** Absolute. */
  readonly repoRoot: string;
  /** `linux/amd64`, or several. */
  readonly platforms: readonly string[];
  readonly stage: StageLocation | undefined;
  /** Empty for none. */
  readonly imageLocation: string;
  readonly updateLatest: boolean;
  /** Appended to the version, as the gce deployer does with the run ID; empty for the plain version. */
  readonly versionSuffix: string;
  /** Whether to stage the startup files of GCE nodes. */
  readonly gceFiles: boolean;
  /** The binaries for this host that the run needs, such as `kubectl`. */
  readonly needs: readonly string[];
  /** The run uses the built source tree, so it is built even if it is already staged. */
  readonly usesTree: boolean;
}

/**
 * Validates the flags' values; `more` comes from the deployer. Throws UsageError.
 */
export function buildOptions(
  values: Values<typeof buildFlags>,
  repoRoot: string,
  run: Pick<Run, 'cwd'>,
  more: Pick<BuildOptions, 'versionSuffix' | 'gceFiles' | 'needs' | 'usesTree'>,
): BuildOptions {
  const platforms = values.targetBuildArch.split(/[\s,]+/).filter((platform) => platform !== '');
  if (platforms.length === 0 || !platforms.every((platform) => /^[a-z0-9]+\/[a-z0-9]+$/.test(platform))) {
    throw new UsageError(
      `invalid --target-build-arch ${JSON.stringify(values.targetBuildArch)}: expected platforms such as linux/amd64`,
    );
  }
  return {
    repoRoot: resolve(run.cwd, repoRoot),
    platforms,
    stage: values.stage === '' ? undefined : parseStage(values.stage, values.stageLayout),
    imageLocation: values.imageLocation.replace(/\/+$/, ''),
    updateLatest: values.updateLatest,
    ...more,
  };
}
