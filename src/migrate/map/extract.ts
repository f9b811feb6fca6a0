import { imageRelease, type Work } from '../draft/context.ts';
import { Refused } from '../draft/refused.ts';
import type { Given } from '../recognise/read-flags.ts';

/** Where a version comes from, for the deployer and for the tester; both read the same marker. */
export interface Source {
  /** `--kubernetes-version`. */
  readonly version: string;
  /** `--test-package-…` arguments. */
  readonly test: readonly string[];
  /** The branch of kubernetes/kubernetes with its scripts; undefined when only `--marker` can tell. */
  readonly branch: string | undefined;
}

const DL = 'https://dl.k8s.io';
const ONE_VERSION =
  'use one version; for older tests set --test-package-marker, for an older kubectl --kubectl-path with --check-version-skew=warn';

/** The one `--extract` of a job. Throws Refused for what has no counterpart. */
export function readExtract(work: Work): Given | undefined {
  const all = work.flags.filter(({ name }) => name === 'extract');
  const different = all.filter(({ value }, at) => all.findIndex((each) => each.value === value) === at);
  if (different.length > 1) {
    throw new Refused(
      `two --extract (${different.map(({ value }) => value).join(', ')}): tests of one version and a cluster of another`,
      ONE_VERSION,
      '--extract',
    );
  }
  for (const earlier of all.slice(0, -1)) work.draft.drop(earlier, 'given twice with one value');
  return all.at(-1);
}

/** What `--extract=X` means. Throws Refused for strategies that kubetest2 has no counterpart of. */
export function sourceOf(value: string, work: Pick<Work, 'choices' | 'recognised'>): Source {
  const bare = value.replace(/^["']|["']$/g, '');
  if (/^ci\/(?:fast\/)?latest-fast$/.test(bare)) return marker(`${DL}`, 'ci/fast', 'latest-fast', work);
  if (/^(?:ci|release)\/(?!gke)[\w.-]+$/.test(bare)) {
    const [directory = '', name = ''] = bare.split('/');
    return marker(DL, directory, name, work);
  }
  if (/^v\d+\.\d+\.\d+[\w.+-]*$/.test(bare) && !/-gke\.\d+$/.test(bare)) return exact(bare, work);
  const [, bucket, directory, name] = /^gs:\/\/([^/]+)\/(.+)\/([^/]+)\.txt$/.exec(bare) ?? [];
  if (bucket !== undefined && directory !== undefined && name !== undefined) {
    return marker(`https://storage.googleapis.com/${bucket}`, directory, name, work);
  }
  throw new Refused(
    `--extract=${value}: ${kindOf(bare)}`,
    'use a marker such as ci/latest, a release such as v1.36.1, or gs://BUCKET/DIRECTORY/MARKER.txt',
    '--extract',
  );
}

function kindOf(value: string): string {
  if (/^(?:ci\/)?gke/.test(value) || /-gke\.\d+$/.test(value)) return 'a version that GKE serves';
  if (value.startsWith('gci/')) return 'a version by the family of an image';
  if (value.startsWith('bazel')) return 'a build of bazel';
  if (value.startsWith('local')) return 'what was built, and the job has no --build';
  if (value.startsWith('gs://')) return 'a version in a bucket, without a marker';
  return 'no version that kubetest2-ts can fetch';
}

function marker(url: string, directory: string, name: string, work: Pick<Work, 'choices' | 'recognised'>): Source {
  const own = url !== DL;
  return {
    version: `${url}/${directory}/${name}.txt`,
    test: [
      ...(own ? [`--test-package-url=${url}`] : []),
      `--test-package-dir=${directory}`,
      `--test-package-marker=${name}.txt`,
    ],
    branch: branchOf(name, work),
  };
}

function exact(version: string, work: Pick<Work, 'choices' | 'recognised'>): Source {
  const ci = version.includes('+');
  const minor = /^v(\d+\.\d+)/.exec(version)?.[1];
  return {
    version,
    test: [...(ci ? ['--test-package-dir=ci'] : []), `--test-package-version=${version}`],
    branch: ci ? branchOf('', work) : `release-${minor}`,
  };
}

/** The branch of a marker: by the release in its name, by `--marker`, by the image's variant, else master. */
function branchOf(name: string, { choices, recognised }: Pick<Work, 'choices' | 'recognised'>): string | undefined {
  const named = /-(\d+\.\d+)(?:-fast)?$/.exec(name)?.[1] ?? choices.markers.get(name);
  if (named !== undefined) return `release-${named}`;
  if (/^k8s-(?:beta|stable\d*)$/.test(name)) return undefined;
  return defaultBranch(recognised.container?.image ?? '');
}

export function defaultBranch(image: string): string {
  const release = imageRelease(image);
  return release === undefined ? 'master' : `release-${release}`;
}
