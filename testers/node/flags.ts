import { count, duration, type FlagExtras, optional, text, toggle } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';

const binaries: FlagExtras = { group: 'Binaries' };
const cloud: FlagExtras = { group: 'Instances' };
const selection: FlagExtras = { group: 'Tests' };

/** The type is `--gcp-project-type` here, and no lease is kept after the tests. */
const { boskosResourceType: _type, boskosKeepFor: _keep, ...leaseFlags } = boskosFlags;

/**
 * The flags of the node tester: kubetest2's own with their names and defaults, and `--remote`, `--allow-no-tests`,
 * `--delete-instances-timeout`.
 */
export const nodeFlags = {
  repoRoot: text(
    'Repository to run `make test-e2e-node` in: kubernetes, or provider-aws-test-infra for ec2. With --build-binaries it is only used to build.',
    '',
    binaries,
  ),
  buildBinaries: toggle(
    'Build kubelet, ginkgo and e2e_node.test in --repo-root and run them directly instead of `make test-e2e-node`.',
    false,
    binaries,
  ),
  useBuiltBinaries: toggle('Use the binaries in the run directory.', false, binaries),
  useBinariesFromPath: toggle('Use the binaries on PATH.', false, binaries),
  useBinariesFromPackage: toggle(
    'Use the binaries of a Kubernetes release: of its test package and its node package.',
    false,
    binaries,
  ),
  testPackageUrl: text('URL to download releases from.', 'https://dl.k8s.io', binaries),
  testPackageVersion: text('Release to download, such as v1.36.1 (default: that of the version marker).', '', binaries),
  testPackageDir: text('Directory of the releases below --test-package-url.', 'release', binaries),
  testPackageMarker: text(
    'Version marker in --test-package-dir, used without --test-package-version.',
    'latest.txt',
    binaries,
  ),
  useDockerizedBuild: toggle('Let `make test-e2e-node` build in containers.', false, binaries),
  targetBuildArch: text('Platform of a dockerized build, such as linux/arm64.', '', binaries),

  remote: toggle('Run the tests on new instances; --remote=false runs them on this host, for developers.', true, cloud),
  provider: text('Cloud of the instances: gce or ec2 (alias aws).', 'gce', cloud),
  gcpProject: text("Project of the instances (default: the deployer's, else one leased from Boskos).", '', cloud),
  gcpZone: text('Zone of the instances.', '', cloud),
  gcpProjectType: text('Boskos resource type of the project.', 'gce-project', cloud),
  imageConfigFile: text('File that lists the images to test.', '', cloud),
  imageConfigDir: text('Directory of the image config files.', '', cloud),
  images: text('Images to test, separated by commas.', '', cloud),
  imageProject: text('Project of the images.', '', cloud),
  instanceType: text('Machine type of the instances.', '', cloud),
  instanceMetadata: text('Metadata of the instances.', '', cloud),
  userDataFile: text('File with user data for EC2 instances.', '', cloud),
  nodeEnv: optional(text('Additional metadata keys for a GCE instance.', '', cloud)),
  deleteInstances: toggle('Delete the instances after the tests.', true, cloud),
  deleteInstancesTimeout: duration(
    'Timeout for the runner of an interrupted run to delete the instances.',
    3 * 60e3,
    cloud,
  ),

  skipRegex: text('Regular expression of the tests to skip.', String.raw`\[Flaky\]|\[Slow\]|\[Serial\]`, selection),
  focusRegex: text('Regular expression of the tests to run.', '', selection),
  labelFilter: text("Label filter, as for ginkgo's --label-filter.", '', selection),
  testArgs: text('Arguments for e2e_node.test, as one string that its own shell splits.', '', selection),
  parallelism: count('Number of ginkgo processes on each instance.', 8, selection),
  allowNoTests: toggle('Pass if no test ran.', false, selection),
  runtimeConfig: text("The API server's --runtime-config, as key=value pairs.", '', selection),
  timeout: optional(
    duration(
      "Timeout of the tests on each instance; 0 for none (default: the runner's own, 45m in kubernetes/kubernetes and 4h in provider-aws-test-infra, or none if --test-args contains --ginkgo.timeout).",
      0,
      selection,
    ),
  ),
  ...leaseFlags,
} as const;
