import { parseDuration } from '../../api/duration.ts';
import { addKubernetes } from '../draft/bootstrap.ts';
import { type GceTests, isOn, KUBERNETES, lastOf, type Work, workingRepository } from '../draft/context.ts';
import { mapArgument } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import type { Given } from '../recognise/read-flags.ts';
import { defaultBranch, readExtract, type Source, sourceOf } from './extract.ts';
import { mapEnvFlag, passEnvironment } from './gce-environment.ts';
import { mapGinkgo } from './gce-ginkgo.ts';
import { mapTestCommand } from './test-command.ts';

/** kube-up on GCE with ginkgo, with a command as its test, or with neither. */
export function mapGce(work: Work): void {
  const { draft } = work;
  draft.deployer = 'gce';
  refuseUnsupported(work);
  const tests = testsOf(work);
  const tree = prepareTree(work);
  for (const given of work.flags) {
    if (given === tree.extract) mapExtract(work, tree);
    else if (isOverridden(given, work)) draft.drop(given, `a later ${given.flag} wins`);
    else ruleFor(given)(given, work, tests);
  }
  if (!tree.extract) mapExtract(work, tree);
  passEnvironment(work, tests);
  if (tests === 'ginkgo') mapGinkgo(work);
  if (tests === 'command') mapTestCommand(work);
}

function testsOf(work: Work): GceTests {
  const command = lastOf(work, 'test-cmd');
  const ginkgo = isOn(work, 'test');
  if (command !== undefined && command !== '') {
    if (ginkgo) {
      throw new Refused(
        '--test-cmd: the job runs ginkgo and a command, one after the other',
        'make two jobs of it, or set --test=false where the command is the test',
        '--test-cmd',
      );
    }
    return 'command';
  }
  return ginkgo ? 'ginkgo' : 'none';
}

/** Where the versions of a run come from. */
interface Tree {
  readonly source: Source | undefined;
  readonly extract: Given | undefined;
  readonly build: Given | undefined;
}

/** `--legacy-mode`, where the tree is, how the cluster's version comes about, `--up` and `--down`. */
function prepareTree(work: Work): Tree {
  const { draft, flags } = work;
  const extract = readExtract(work);
  const builds = flags.filter(({ name }) => name === 'build');
  const build = builds.at(-1);
  const source =
    build || extract?.value === undefined || extract.value === 'local' ? undefined : sourceOf(extract.value, work);
  draft.add('deployer', '--legacy-mode', 'kube-up.sh of kubernetes/kubernetes');
  addKubernetes(work, () => branchFor(work, source, extract));
  if (workingRepository(work) !== KUBERNETES) {
    draft.add('deployer', '--repo-root=/home/prow/go/src/k8s.io/kubernetes', 'the job starts in another directory');
  }
  for (const earlier of builds.slice(0, -1)) draft.drop(earlier, 'a later --build wins');
  if (build) mapBuild(work, build);
  for (const name of ['up', 'down'] as const) mapSwitch(work, name);
  return { source, extract, build };
}

function branchFor(work: Work, source: Source | undefined, extract: Given | undefined): string {
  if (!source) return defaultBranch(work.recognised.container?.image ?? '');
  if (source.branch !== undefined) return source.branch;
  throw new Refused(
    `--extract=${extract?.value}: a moving marker, and kubernetes/kubernetes has to be checked out at its branch`,
    `name the release it stands for: --marker=${extract?.value?.replace(/^.*\//, '')}=1.NN`,
    '--extract',
  );
}

function mapExtract(work: Work, { extract, source, build }: Tree): void {
  const { draft } = work;
  if (extract && source) {
    const version = `--kubernetes-version=${source.version}`;
    draft.deployerArgs.push({ text: version, from: extract.words, weight: version.length });
    const tests = testsOf(work) === 'ginkgo' ? source.test : [];
    for (const text of tests) draft.testerArgs.push({ text, from: extract.words, weight: 0 });
    draft.fate(extract, 'mapped', [version, ...tests], 'cluster and tests read one marker');
  } else if (extract && build) {
    draft.drop(extract, extract.value === 'local' ? 'kube-up.sh finds what --build made' : '--build takes precedence');
  } else if (extract) {
    throw new Refused(
      '--extract=local: what an earlier step built, and the job has no --build',
      'add --build, or name a version to extract',
      '--extract',
    );
  } else if (!build && isOn(work, 'up')) {
    throw new Refused(
      'no --extract and no --build: the version of the cluster is that of the tree',
      'add --build or --extract, then migrate',
      '--extract',
    );
  }
}

function mapBuild(work: Work, given: Given): void {
  const { draft } = work;
  const strategy = given.value ?? '';
  if (!['', 'quick', 'release', 'bazel'].includes(strategy)) {
    throw new Refused(
      `--build=${strategy}: kubetest2 builds with make quick-release only`,
      'build in a step of its own, then use --kubernetes-version or a staged build',
      '--build',
    );
  }
  if (strategy === 'bazel') {
    draft.note('--build=bazel: Kubernetes has no bazel build any more; --build makes quick-release instead');
  }
  draft.deployerArgs.push({ text: '--build', from: given.words, weight: 7 });
  const ginkgo = testsOf(work) === 'ginkgo' ? ['--use-built-binaries'] : [];
  for (const text of ginkgo) draft.testerArgs.push({ text, from: given.words, weight: 0 });
  draft.fate(given, strategy === '' && ginkgo.length === 0 ? 'kept' : 'mapped', ['--build', ...ginkgo], '');
}

function mapSwitch(work: Work, name: 'up' | 'down'): void {
  const { draft, flags } = work;
  const all = flags.filter((given) => given.name === name);
  const last = all.at(-1);
  for (const earlier of all.slice(0, -1)) draft.drop(earlier, `a later --${name} wins`);
  const on = isOn(work, name);
  if (last && on) draft.deploy(last, [`--${name}`]);
  else if (last) draft.drop(last, 'false is the default here');
  else if (on) draft.add('deployer', `--${name}`, 'the scenario’s default was true, here it is false');
}

/** Flags that are read where all their occurrences are known. */
const TOGETHER = new Set([
  'env',
  'extract',
  'test-cmd-args',
  'kubetest_args',
  'up',
  'down',
  'build',
  'ginkgo-parallel',
  'test_args',
  'check-version-skew',
]);

function isOverridden(given: Given, { flags }: Work): boolean {
  return !TOGETHER.has(given.name) && flags.findLast(({ name }) => name === given.name) !== given;
}

type Rule = (given: Given, work: Work, tests: GceTests) => void;

const renamed =
  (flag: string): Rule =>
  (given, work) =>
    work.draft.deploy(given, [`--${flag}=${mapArgument(given.value ?? '', work)}`]);

const variable =
  (name: string): Rule =>
  (given, work) =>
    work.draft.deploy(given, [`--env=${name}=${given.value ?? ''}`]);

/** The flag, when it says true. */
const toggled =
  (argument: string): Rule =>
  (given, work) => {
    if (given.value === undefined || /^(?:1|t|true)$/i.test(given.value)) work.draft.deploy(given, [argument]);
    else work.draft.drop(given, 'false is the default here');
  };

const dropped =
  (why: string): Rule =>
  (given, work) =>
    work.draft.drop(given, why);

/** Done elsewhere; what is still open there is found by the report's own check. */
const elsewhere: Rule = () => {};

const AUTHENTICATED = 'runner.sh activates the service account, and the deployer takes SSH keys from the environment';

/** One row for each flag of a job on GCE. */
const rules: Readonly<Record<string, Rule>> = {
  up: elsewhere,
  down: elsewhere,
  build: elsewhere,
  extract: elsewhere,
  'test-cmd': elsewhere,
  'test-cmd-args': elsewhere,
  test: (given, { draft }, tests) =>
    draft.drop(given, tests === 'ginkgo' ? '--test=ginkgo says it' : 'no ginkgo run was asked for'),
  env: mapEnvFlag,
  'gcp-zone': renamed('gcp-zone'),
  'gcp-nodes': renamed('num-nodes'),
  'gcp-node-size': renamed('node-size'),
  'gcp-master-size': renamed('master-size'),
  'gcp-project-type': renamed('boskos-resource-type'),
  'gcp-project': (given, work) => {
    if (given.value === undefined || given.value === '')
      return work.draft.drop(given, 'empty: one from Boskos is the default');
    work.draft.note(`--gcp-project=${given.value} is fixed: two runs at a time would meet in it`);
    renamed('gcp-project')(given, work, 'none');
  },
  'boskos-wait-duration': (given, { draft }) => {
    const wait = parseDuration(given.value ?? '');
    if (wait === undefined) draft.drop(given, 'not a duration; Boskos is waited for 5m by default');
    else draft.deploy(given, [`--boskos-acquire-timeout-seconds=${Math.round(wait / 1000)}`]);
  },
  'gcp-node-image': variable('KUBE_NODE_OS_DISTRIBUTION'),
  'gcp-master-image': variable('KUBE_MASTER_OS_DISTRIBUTION'),
  'gcp-region': variable('REGION'),
  'image-family': (given, work) => {
    variable('KUBE_GCE_NODE_IMAGE_FAMILY')(given, work, 'none');
    work.draft.note(
      '--image-family: kube-up.sh resolves families itself since Kubernetes 1.28; an older one needs the image',
    );
  },
  'image-project': variable('KUBE_GCE_NODE_PROJECT'),
  'runtime-config': renamed('runtime-config'),
  'check-leaked-resources': toggled('--leaked-resources=fail'),
  timeout: (given, work) => {
    if (parseDuration(given.value ?? '') === undefined) {
      throw new Refused(`--timeout=${given.value}: not a duration with a unit`, 'write it as 90m or 2h', '--timeout');
    }
    work.draft.deploy(given, [`--timeout=${given.value}`]);
  },
  'ginkgo-parallel': (given, work, tests) => {
    const count = given.value === undefined || given.value === '' ? '25' : given.value;
    if (tests !== 'command') return;
    if (count === '1') return work.draft.drop(given, 'one process is the default');
    work.draft.setVariable('GINKGO_PARALLEL', 'y', given.words);
    work.draft.setVariable('GINKGO_PARALLEL_NODES', count, given.words);
    const to = ['env: GINKGO_PARALLEL=y', `env: GINKGO_PARALLEL_NODES=${count}`];
    work.draft.fate(given, 'moved', to, 'the command reads them, as kubetest set them');
  },
  test_args: (given, work, tests) => {
    if (tests === 'ginkgo') return;
    work.draft.drop(given, 'they were for ginkgo, which this job does not run');
  },
  'check-version-skew': elsewhere,
  'ginkgo-focus': dropped('only dind read it'),
  'ginkgo-skip': dropped('only dind read it'),
  'pre-test-cmd': (given, work) => work.draft.deploy(given, [`--pre-test-cmd=${commandList(given, work)}`]),
  'post-test-cmd': (given, work) => work.draft.deploy(given, [`--post-test-cmd=${commandList(given, work)}`]),
  stage: (given, { draft }) => {
    draft.note(`--stage=${given.value}: nothing is staged any more; does anything else read that bucket?`);
    draft.drop(given, 'kube-up.sh finds the tars in the tree');
  },
  'stage-suffix': dropped('nothing is staged'),
  registry: dropped('nothing is staged'),
  'no-allow-dup': dropped('nothing is staged'),
  provider: dropped('the deployer gce says it'),
  deployment: dropped('the deployer gce says it'),
  cluster: dropped('the name follows from the run ID'),
  'cluster-ip-range': dropped('it follows from the number of nodes'),
  'tear-down-previous': dropped('every run has names of its own'),
  'use-logexporter': dropped('logs are copied from the nodes'),
  'logexporter-gcs-path': dropped('logs are copied from the nodes'),
  'metadata-sources': dropped('metadata.json is written by the run alone'),
  'flush-mem-after-build': dropped('the build ends before the cluster is made'),
  'inject-bazelrc': dropped('nothing is built with bazel'),
  'test-cmd-name': dropped('the case in junit is named Test'),
  'gcp-cloud-sdk': dropped('the SDK of the image is used'),
  'gcp-network': dropped('the network follows from the run ID'),
  'gcp-service-account': dropped(AUTHENTICATED),
  'service-account': dropped(AUTHENTICATED),
  'gce-ssh': dropped(AUTHENTICATED),
  'gce-pub': dropped(AUTHENTICATED),
  dump: dropped('logs go to the artifacts'),
  'dump-pre-test-logs': dropped('logs are dumped after the tests and when Up fails'),
  'skip-dump-cluster-logs': dropped('logs go to the artifacts'),
  'extract-ci-bucket': (given, { draft }) => {
    if (given.value !== 'k8s-release-dev') throw otherBucket(given);
    draft.drop(given, 'dl.k8s.io/ci is that bucket');
  },
  'extract-release-bucket': (given, { draft }) => {
    if (given.value !== 'kubernetes-release') throw otherBucket(given);
    draft.drop(given, 'dl.k8s.io/release has the same files');
  },
  'verbose-commands': dropped('output is always shown'),
  'bash-node-logging': variable('KUBE_ENABLE_NODE_LOGGING'),
  'node-tests': dropped('false is the default'),
  version: dropped('the version is always recorded'),
  kubeconfig: dropped('the deployer writes its own'),
};

function ruleFor(given: Given): Rule {
  const rule = Object.hasOwn(rules, given.name) ? rules[given.name] : undefined;
  if (rule) return rule;
  return dropped('kubetest reads it for other deployers only');
}

function otherBucket({ flag, value }: Given): Refused {
  return new Refused(
    `${flag}=${value}: another bucket than dl.k8s.io serves`,
    'use --extract=gs://BUCKET/ci/latest.txt',
    flag,
  );
}

/** kubetest split at blanks; the launcher splits at commas, and quotes protect one. */
function commandList(given: Given, work: Work): string {
  const words = mapArgument(given.value ?? '', work)
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.map((word) => (/[",]/.test(word) ? `"${word.replaceAll('"', '""')}"` : word)).join(',');
}

const BY_SCRIPT = 'run it with the exec tester and the script that did it';

/** What kubetest did and neither the deployer nor a tester does. */
const unsupported: Readonly<Record<string, string>> = {
  skew: 'use one version; for older tests set --test-package-marker, for an older kubectl --kubectl-path with --check-version-skew=warn',
  upgrade_args: 'use one version; an upgrade is a script of its own, run with the exec tester',
  'extract-source': 'check the source out with extra_refs',
  'use-shared-build': 'build in the job itself with --build, or read a staged build',
  soak: BY_SCRIPT,
  'soak-duration': BY_SCRIPT,
  save: BY_SCRIPT,
  publish: BY_SCRIPT,
  charts: BY_SCRIPT,
  kubemark: BY_SCRIPT,
  'kubemark-nodes': BY_SCRIPT,
  'kubemark-master-size': BY_SCRIPT,
  'dump-before-and-after': 'dump with --pre-test-cmd and --post-test-cmd and the script that reads the logs',
  'gcp-ssh-proxy-instance-name': 'set KUBE_SSH_BASTION in a script run with the exec tester',
  'env-file': 'write the variables of the file out as --env',
};

function refuseUnsupported({ flags }: Work): void {
  for (const given of flags) {
    const advice = Object.hasOwn(unsupported, given.name) ? unsupported[given.name] : undefined;
    if (advice === undefined || given.value === 'false') continue;
    throw new Refused(`${given.flag}: neither the gce deployer nor a tester does it`, advice, given.flag);
  }
}
