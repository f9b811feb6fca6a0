import { resolve } from 'node:path';
import { UsageError } from '../api/errors.ts';
import { oneOf, text, toggle, type Values } from '../api/flags.ts';
import type { Run } from '../api/run.ts';
import { parseStage, type StageLocation } from './location.ts';

const group = 'Build';

/** The flags of deployers that build Kubernetes; names and defaults as kubetest2's gce deployer has them. */
export const buildFlags = {
  strategy: oneOf('How Kubernetes is built.', ['make'], 'make', { group }),
  stage: text(
    'Where the build is uploaded to: gs://BUCKET/ci or gs://BUCKET/devel, and what may follow them. Empty: nowhere.',
    '',
    { group },
  ),
  stageLayout: oneOf(
    'The folder that --stage=gs://BUCKET/ci/JOB means: ci/JOB (path), or JOB as krel and kubetest2 have it (krel).',
    ['path', 'krel'],
    'path',
    { group },
  ),
  imageLocation: text('The registry that the images of a staged build are pushed to. Empty: none.', '', { group }),
  updateLatest: toggle('Points the version markers of --stage=gs://BUCKET/ci at the build when it is newer.', false, {
    group,
  }),
  targetBuildArch: text('The platform the build is for, or several with spaces between.', 'linux/amd64', { group }),
};

/** Where the sources are. Declared apart, since deployers use it for more than building. */
export const repoRootFlag = {
  repoRoot: text("The root of Kubernetes' source tree. Default: the working directory.", '', { group }),
};

/** What is to be built and staged, checked. */
export interface BuildOptions {
  /** Absolute. */
  readonly repoRoot: string;
  /** `linux/amd64`, or several. */
  readonly platforms: readonly string[];
  readonly stage: StageLocation | undefined;
  /** Empty for none. */
  readonly imageLocation: string;
  readonly updateLatest: boolean;
  /** Appended to the version, as the gce deployer does with the run id; empty for the plain version. */
  readonly versionSuffix: string;
  /** Stages the scripts that GCE nodes start with. */
  readonly gceFiles: boolean;
  /** The programs for this machine that the run cannot do without, for instance `kubectl`. */
  readonly needs: readonly string[];
  /** The run uses what the build leaves in the source tree: it is built even when it is staged already. */
  readonly usesTree: boolean;
}

/**
 * Reads the flags' values; `more` is what the deployer adds. Throws UsageError before anything is touched.
 */
export function buildOptions(
  values: Values<typeof buildFlags>,
  repoRoot: string,
  run: Pick<Run, 'cwd'>,
  more: Pick<BuildOptions, 'versionSuffix' | 'gceFiles' | 'needs' | 'usesTree'>,
): BuildOptions {
  const platforms = values.targetBuildArch.split(/[\s,]+/).filter((word) => word !== '');
  if (platforms.length === 0 || !platforms.every((platform) => /^[a-z0-9]+\/[a-z0-9]+$/.test(platform))) {
    throw new UsageError(`--target-build-arch=${values.targetBuildArch} is not a platform such as linux/amd64`);
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
