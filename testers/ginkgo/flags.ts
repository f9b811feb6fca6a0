import { count, duration, list, oneOf, text, toggle, type Values } from '../../src/api/flags.ts';
import { SKEW_COMPONENTS, SKEW_LEVELS } from '../../src/kube/skew/rules.ts';

/** The flags of the original ginkgo tester, then ours. */
export const flags = {
  ginkgoArgs: text('Additional arguments for ginkgo, split as a shell would.'),
  parallel: count('Number of tests to run in parallel.', 1),
  skipRegex: text('Regular expression of the specs to skip.'),
  provider: text(
    "Cluster provider, passed to e2e.test as --provider (default: gce with the gce deployer, else e2e.test's own default, skeleton).",
  ),
  labelFilter: text("Label filter, as for ginkgo's --label-filter."),
  focusRegex: text('Regular expression of the specs to run.'),
  testPackageUrl: text('URL to download test packages from.', 'https://dl.k8s.io'),
  testPackageVersion: text('Version of the test package, such as v1.36.1 (default: that of the version marker).'),
  testPackageDir: text('Directory below --test-package-url: release, ci or ci/fast.', 'release'),
  testPackageMarker: text('Version marker in --test-package-dir, used without --test-package-version.', 'latest.txt'),
  testArgs: text('Additional arguments for e2e.test, split as a shell would.'),
  useBuiltBinaries: toggle('Use the e2e.test, ginkgo and kubectl that --build put into the run directory.'),
  useBinariesFromPath: toggle('Use the e2e.test, ginkgo and kubectl on PATH.'),
  timeout: duration('Timeout of the whole suite.', 24 * 3600e3),
  env: list('Additional environment variables for the tests, NAME=VALUE. Quote values with commas: --env=\'"A=x,y"\'.'),
  flakeAttempts: count('Run a failing spec up to this many times; it passes if one attempt passes.'),
  rerunFailed: text('Run only the specs that failed in this junit file, or in the junit*.xml of this directory.'),
  listSpecs: toggle('Print the specs that would run to stdout, one a line, instead of running them.'),
  allowNoTests: toggle('Pass if no spec ran.'),
  checkVersionSkew: oneOf(
    'Compare the versions of the API server, kubectl, e2e.test, ginkgo and the kubelets before the tests. off: no check; warn: only warn; policy: fail outside of the version skew policy (for e2e.test: the minor version of the server or the one before); minor: fail unless kubectl and e2e.test have the minor version of the server; exact: fail unless they are the same build.',
    SKEW_LEVELS,
    'warn',
    { bare: 'exact', also: { true: 'exact', false: 'off' } },
  ),
  checkVersionSkewIgnore: list(`Components to ignore in the check: ${SKEW_COMPONENTS.join(', ')}.`),
};

export type GinkgoValues = Values<typeof flags>;
