import { count, duration, list, oneOf, text, toggle, type Values } from '../../src/api/flags.ts';
import { SKEW_COMPONENTS, SKEW_LEVELS } from '../../src/kube/skew/rules.ts';

/** The flags of the original ginkgo tester, then ours. */
export const flags = {
  ginkgoArgs: text('Additional arguments for the ginkgo binary, split as a shell would.'),
  parallel: count('Run this many tests in parallel at once.', 1),
  skipRegex: text('Regular expression of the specs to skip.'),
  provider: text(
    "The cluster provider, for e2e.test's --provider. When empty, the gce deployer's clusters are tested as gce, all others as e2e.test's own default, skeleton.",
  ),
  labelFilter: text("Label filter for ginkgo's --label-filter."),
  focusRegex: text('Regular expression of the specs to run.'),
  testPackageUrl: text('Where Kubernetes test packages are fetched from.', 'https://dl.k8s.io'),
  testPackageVersion: text(
    'The version of the test package, for instance v1.36.1. When empty, the version marker says it.',
  ),
  testPackageDir: text('The folder below the URL, which is the kind of release: release, ci, ci/fast.', 'release'),
  testPackageMarker: text('The version marker in that folder, read when no version is given.', 'latest.txt'),
  testArgs: text('Additional arguments for e2e.test, split as a shell would.'),
  useBuiltBinaries: toggle('Test with the e2e.test, ginkgo and kubectl that --build left in the run directory.'),
  useBinariesFromPath: toggle('Test with the e2e.test, ginkgo and kubectl that are on the PATH.'),
  timeout: duration('How long the specs may take altogether.', 24 * 3600e3),
  env: list(
    'Environment variables for the tests, NAME=VALUE, added to the environment. A value with a comma is quoted: --env=\'"A=x,y"\'.',
  ),
  flakeAttempts: count('Run a failing spec up to this many times; it passes when one attempt does.'),
  rerunFailed: text('Run exactly the specs that failed in this junit file, or in the junit*.xml of this folder.'),
  listSpecs: toggle('Print the specs that would run to stdout, one a line, instead of running them.'),
  allowNoTests: toggle('Let a run pass in which no spec ran.'),
  checkVersionSkew: oneOf(
    'Compare the versions of the API server, kubectl, e2e.test, ginkgo and the kubelets before the tests. off: ask nothing; warn: tell, and go on; policy: fail outside of the version skew policy (for e2e.test: the minor version of the server or the one before); minor: fail unless kubectl and e2e.test have the minor version of the server; exact: fail unless they are the same build.',
    SKEW_LEVELS,
    'warn',
    { bare: 'exact', also: { true: 'exact', false: 'off' } },
  ),
  checkVersionSkewIgnore: list(`Components that may have any version: ${SKEW_COMPONENTS.join(', ')}.`),
};

export type GinkgoValues = Values<typeof flags>;
