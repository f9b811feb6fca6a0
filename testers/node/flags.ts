import { count, duration, type FlagExtras, optional, text, toggle } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';

const binaries: FlagExtras = { group: 'Which binaries run' };
const cloud: FlagExtras = { group: 'Where they run' };
const selection: FlagExtras = { group: 'Which tests run' };

/** The type is `--gcp-project-type` here, and nothing is kept after the tests. */
const { boskosResourceType: _type, boskosKeepFor: _keep, ...leaseFlags } = boskosFlags;

/**
 * The flags of the node tester: kubetest2's own by their names and defaults, and `--remote`, `--allow-no-tests`,
 * `--delete-instances-timeout`.
 */
export const nodeFlags = {
  repoRoot: text(
    'The repository whose `make test-e2e-node` runs the tests: kubernetes, or provider-aws-test-infra for ec2. With --build-binaries only the binaries are built there.',
    '',
    binaries,
  ),
  buildBinaries: toggle(
    'Build kubelet, ginkgo and e2e_node.test in --repo-root, then call them directly instead of `make test-e2e-node`.',
    false,
    binaries,
  ),
  useBuiltBinaries: toggle('Use the binaries that are in the run dir.', false, binaries),
  useBinariesFromPath: toggle('Use the binaries found through $PATH.', false, binaries),
  useBinariesFromPackage: toggle(
    'Use the binaries of a Kubernetes release: its test package and the node package of the same version.',
    false,
    binaries,
  ),
  testPackageUrl: text('Where releases are fetched from.', 'https://dl.k8s.io', binaries),
  testPackageVersion: text('The release to fetch, for instance v1.36.1. Empty: what the marker says.', '', binaries),
  testPackageDir: text('The folder below --test-package-url that holds the releases.', 'release', binaries),
  testPackageMarker: text(
    'The file in --test-package-dir that names the release when --test-package-version does not.',
    'latest.txt',
    binaries,
  ),
  useDockerizedBuild: toggle('Let `make test-e2e-node` build in containers.', false, binaries),
  targetBuildArch: text('The platform a dockerized build is made for, for instance linux/arm64.', '', binaries),

  remote: toggle(
    'Run the tests on machines made for them. With --remote=false they run on this host, for developers.',
    true,
    cloud,
  ),
  provider: text('The cloud of those machines: gce or ec2 (aws means the same).', 'gce', cloud),
  gcpProject: text(
    'The project for the machines. Empty: the one the deployer has, else one leased from Boskos.',
    '',
    cloud,
  ),
  gcpZone: text('The zone for the machines.', '', cloud),
  gcpProjectType: text('The Boskos type of the project.', 'gce-project', cloud),
  imageConfigFile: text('A file that lists the images to test.', '', cloud),
  imageConfigDir: text('The folder of the image config files.', '', cloud),
  images: text('Images to test, separated by commas.', '', cloud),
  imageProject: text('The project that holds the images.', '', cloud),
  instanceType: text('The machine type.', '', cloud),
  instanceMetadata: text('Metadata for the instances.', '', cloud),
  userDataFile: text('User data for EC2 instances.', '', cloud),
  nodeEnv: optional(text('Further metadata keys for a GCE instance.', '', cloud)),
  deleteInstances: toggle('Delete the instances when the tests are over.', true, cloud),
  deleteInstancesTimeout: duration(
    'How long an interrupted run waits for its runner to delete the instances.',
    3 * 60e3,
    cloud,
  ),

  skipRegex: text('Tests to leave out, a regular expression.', String.raw`\[Flaky\]|\[Slow\]|\[Serial\]`, selection),
  focusRegex: text('Tests to run, a regular expression.', '', selection),
  labelFilter: text("Tests to run, in ginkgo's label language.", '', selection),
  testArgs: text('Arguments for e2e_node.test, as one string that its own shell splits.', '', selection),
  parallelism: count('How many ginkgo processes run on each machine.', 8, selection),
  allowNoTests: toggle('Pass when no test ran.', false, selection),
  runtimeConfig: text('The runtime configuration of the API server, key=value pairs.', '', selection),
  timeout: optional(
    duration(
      "Limit for the tests on one machine; 0 is none. When it is not given the runner's own limit holds (45m in kubernetes/kubernetes, 4h in provider-aws-test-infra), unless --test-args hold a --ginkgo.timeout.",
      0,
      selection,
    ),
  ),
  ...leaseFlags,
} as const;
