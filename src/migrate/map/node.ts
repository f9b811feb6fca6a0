import { parseDuration } from '../../api/duration.ts';
import { messageOf } from '../../api/errors.ts';
import { shellSplit } from '../../text/shell-split.ts';
import { addKubernetes } from '../draft/bootstrap.ts';
import { isOn, KUBERNETES, lastOf, type Work, workingRepository } from '../draft/context.ts';
import { newWord } from '../draft/draft.ts';
import { PROW_TIMEOUT, prowDuration } from '../draft/duration.ts';
import { mapArgument } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import { giveVariable, splitVariable } from '../draft/variables.ts';
import { nodeAt, textAt } from '../read/syntax.ts';
import type { Given } from '../recognise/read-flags.ts';
import { defaultBranch } from './extract.ts';

/** The tester's arguments in the order the field writes them. */
const ORDER = [
  '--repo-root',
  '--gcp-zone',
  '--gcp-project',
  '--gcp-project-type',
  '--parallelism',
  '--focus-regex',
  '--label-filter',
  '--skip-regex',
  '--test-args',
  '--image-config-file',
  '--image-config-dir',
  '--images',
  '--image-project',
  '--instance-type',
  '--instance-metadata',
  '--node-env',
  '--runtime-config',
  '--boskos-acquire-timeout-seconds',
  '--timeout',
];

/** What comments of `--test_args` go to first. */
const HEAVIEST = Number.POSITIVE_INFINITY;

/** Node e2e tests on GCE. */
export function mapNode(work: Work): void {
  const { draft } = work;
  draft.deployer = 'noop';
  draft.tester = 'node';
  refuseUnsupported(work);
  addKubernetes(work, () => defaultBranch(work.recognised.container?.image ?? ''));
  const root = workingRepository(work) === KUBERNETES ? '.' : '/home/prow/go/src/k8s.io/kubernetes';
  draft.add('tester', `--repo-root=${root}`, 'where make test-e2e-node runs');
  const selection = readSelection(work);
  for (const given of work.flags) mapFlag(given, work);
  putSelection(work, selection);
  draft.testerArgs.sort((one, other) => rank(one.text) - rank(other.text));
}

function rank(argument: string): number {
  const at = ORDER.indexOf(argument.replace(/=[\s\S]*$/, ''));
  return at === -1 ? ORDER.length : at;
}

function refuseUnsupported(work: Work): void {
  const provider = lastOf(work, 'provider') ?? 'gce';
  if (!['gce', 'node', ''].includes(provider)) {
    throw new Refused(
      `--provider=${provider}: node tests of another cloud`,
      'write the line of the node tester by hand',
      '--provider',
    );
  }
  if (!isOn(work, 'node-tests')) {
    throw new Refused(
      '--deployment=node without --node-tests: nothing is tested',
      'add --node-tests=true, or remove the job',
      '--node-tests',
    );
  }
  for (const given of work.flags) {
    if (given.name === 'image-family' || given.name === 'image-project') {
      throw new Refused(
        `${given.flag}: the node tester takes images, not families`,
        'set image_family and project in an image config file, for --image-config-file',
        given.flag,
      );
    }
    if (given.name === 'env-file')
      throw new Refused('--env-file', 'write the variables of the file out as --env', given.flag);
  }
}

/** What `--test_args` selects, and what is left of it. */
interface Selection {
  readonly given: Given | undefined;
  readonly parallelism: string | undefined;
  readonly focus: string | undefined;
  readonly labels: string | undefined;
  readonly skip: string | undefined;
  /** First words of `--test-args`. */
  readonly ginkgo: readonly string[];
  readonly dropped: readonly string[];
}

function readSelection(work: Work): Selection {
  const all = work.flags.filter(({ name }) => name === 'test_args');
  const given = all.at(-1);
  for (const earlier of all.slice(0, -1)) work.draft.drop(earlier, 'a later --test_args wins');
  const found = new Map<string, string>();
  const ginkgo: string[] = [];
  const dropped: string[] = [];
  const queue = given === undefined ? [].values() : testArgsOf(given).values();
  for (const word of queue) {
    const [, name = word, attached] = /^--?([\w.-]+)(?:=([\s\S]*))?$/.exec(word) ?? [];
    const plain = name.replace(/^ginkgo\./, '');
    const value = () => attached ?? queue.next().value ?? '';
    if (['nodes', 'focus', 'label-filter', 'skip'].includes(plain)) found.set(plain, value());
    else if (plain === 'timeout') {
      const limit = value();
      if (isBelowOuter(limit, work)) ginkgo.unshift(`--ginkgo.timeout=${limit}`);
      else dropped.push(`--timeout=${limit} of --test_args, which the outer limit of the tests does not exceed`);
    } else if (plain === 'flakeAttempts' || plain === 'flake-attempts')
      ginkgo.push(`--ginkgo.flake-attempts=${value()}`);
    else {
      throw new Refused(
        `--test_args has ${word}: not a ginkgo flag that the node tester passes on`,
        'move it to --node-test-args if e2e_node.test reads it, or take it out',
        '--test_args',
      );
    }
  }
  return {
    given,
    parallelism: found.get('nodes'),
    focus: found.get('focus'),
    labels: found.get('label-filter'),
    skip: found.get('skip'),
    ginkgo,
    dropped,
  };
}

function testArgsOf(given: Given): string[] {
  try {
    return shellSplit(given.value ?? '');
  } catch (error) {
    throw new Refused(`--test_args: ${messageOf(error)}`, 'close the quote, then migrate', '--test_args');
  }
}

/** ginkgo's own limit has to be shorter than the tester's, else Prow's. */
function isBelowOuter(limit: string, work: Work): boolean {
  const inner = parseDuration(limit);
  const own = parseDuration(lastOf(work, 'timeout') ?? '');
  const prow = prowDuration(textAt(nodeAt(work.job.node, 'decoration_config'), 'timeout') ?? work.draft.timeout?.value);
  const outer = own !== undefined && own > 0 ? own : (prow ?? PROW_TIMEOUT);
  return inner !== undefined && inner < outer;
}

function putSelection(work: Work, selection: Selection): void {
  const { draft } = work;
  const { given } = selection;
  const from = given?.words ?? [];
  const to: string[] = [];
  const put = (text: string, weight = text.length, origin = from) => {
    draft.testerArgs.push(newWord(text, origin, weight));
    if (origin === from) to.push(text);
  };
  if (!work.flags.some(({ name }) => name === 'parallelism')) {
    const parallelism = `--parallelism=${selection.parallelism ?? '1'}`;
    if (selection.parallelism !== undefined) put(parallelism);
    else draft.add('tester', parallelism, 'kubetest ran one process, the tester runs 8');
  }
  if (selection.focus !== undefined && selection.focus !== '') put(`--focus-regex=${selection.focus}`);
  if (selection.labels !== undefined && selection.labels !== '') put(`--label-filter=${selection.labels}`);
  const skip = `--skip-regex=${selection.skip ?? ''}`;
  put(skip, HEAVIEST);
  const reason =
    selection.skip === undefined ? 'the tester would leave [Flaky], [Slow] and [Serial] out, kubetest did not' : '';
  putTestArgs(work, selection, to);
  if (given) {
    const dropped = selection.dropped.map((each) => `left out: ${each}`);
    draft.fate(given, 'mapped', to, [reason, ...dropped].filter((each) => each !== '').join('; '));
  } else draft.added(skip, reason);
}

/** ginkgo's flags first, then `--node-test-args` as it stands. */
function putTestArgs(work: Work, { ginkgo, given }: Selection, to: string[]): void {
  const { draft, flags } = work;
  const all = flags.filter(({ name }) => name === 'node-test-args');
  const own = all.at(-1);
  for (const earlier of all.slice(0, -1)) draft.drop(earlier, 'a later --node-test-args wins');
  const value = mapArgument(own?.value ?? '', work);
  const words = [...ginkgo, ...(value === '' ? [] : [value])];
  if (own && value === '') draft.drop(own, 'it is empty');
  if (words.length === 0) return;
  const text = `--test-args=${words.join(' ')}`;
  draft.testerArgs.push(newWord(text, [...(own?.words ?? []), ...(ginkgo.length > 0 ? (given?.words ?? []) : [])]));
  if (ginkgo.length > 0) to.push(text);
  if (own && value !== '') draft.fate(own, ginkgo.length > 0 ? 'mapped' : 'renamed', [text], '');
}

type Rule = (given: Given, work: Work) => void;

const kept: Rule = (given, work) => work.draft.test(given, [`${given.flag}=${mapArgument(given.value ?? '', work)}`]);

const dropped =
  (why: string): Rule =>
  (given, { draft }) =>
    draft.drop(given, why);

const NO_CLUSTER = 'node tests make no cluster';
const FROM_TREE = 'make test-e2e-node builds what it tests from the checkout';
const ENVIRONMENT = 'the tester reads GCE_SSH_* and JENKINS_GCE_SSH_*, and runner.sh activates the service account';

const together: Rule = () => {};

const rules: Readonly<Record<string, Rule>> = {
  test_args: together,
  'node-test-args': together,
  deployment: dropped('noop --test=node says it'),
  provider: dropped('gce is the default of the node tester'),
  'node-tests': dropped('--test=node says it'),
  'gcp-zone': kept,
  'gcp-project-type': kept,
  'runtime-config': kept,
  'gcp-project': (given, work) => {
    if ((given.value ?? '') === '') return work.draft.drop(given, 'empty: one from Boskos is the default');
    work.draft.note(`--gcp-project=${given.value} is fixed: two runs at a time would meet in it`);
    kept(given, work);
  },
  parallelism: (given, work) => {
    work.draft.note(`${given.flag}: a flag of the node tester that kubetest did not know; it is kept`);
    kept(given, work);
  },
  timeout: (given, work) => {
    if (parseDuration(given.value ?? '') === undefined) {
      throw new Refused(`--timeout=${given.value}: not a duration with a unit`, 'write it as 90m or 2h', '--timeout');
    }
    kept(given, work);
  },
  env: (given, work) => {
    const { name, value } = splitVariable(given.value ?? '');
    const later = work.flags.findLast((each) => each.name === 'env' && splitVariable(each.value ?? '').name === name);
    if (later !== given) return work.draft.drop(given, `a later --env=${name} wins`);
    const { to, why } = giveVariable(work, given, name, value);
    work.draft.fate(given, to.length === 0 ? 'dropped' : 'moved', to, why);
  },
  'node-args': (given, work) => mapNodeArgs(given, work),
  up: dropped(NO_CLUSTER),
  down: dropped(NO_CLUSTER),
  test: (given, { draft }) => {
    if (given.value !== undefined && /^(?:0|f|false)$/i.test(given.value)) {
      throw new Refused('--test=false: nothing is tested', 'remove the flag or the job', '--test');
    }
    draft.drop(given, '--test=node says it');
  },
  build: dropped(FROM_TREE),
  extract: dropped(FROM_TREE),
  'service-account': dropped(ENVIRONMENT),
  'gcp-service-account': dropped(ENVIRONMENT),
  'gce-ssh': dropped(ENVIRONMENT),
  'gce-pub': dropped(ENVIRONMENT),
};

function mapFlag(given: Given, work: Work): void {
  const rule = (Object.hasOwn(rules, given.name) ? rules[given.name] : undefined) ?? dropped(NO_CLUSTER);
  const repeats = ['env', 'test_args', 'node-test-args', 'kubetest_args'].includes(given.name);
  const last = work.flags.findLast(({ name }) => name === given.name);
  if (!repeats && last !== given) work.draft.drop(given, `a later ${given.flag} wins`);
  else rule(given, work);
}

/** The fields of `--node-args` that the tester has by the same name. */
const TESTER_FLAGS = new Set([
  'image-config-file',
  'image-config-dir',
  'images',
  'image-project',
  'instance-metadata',
  'instance-type',
  'node-env',
]);

/** The fields that the make target reads from the environment. */
const MAKE_VARIABLES: Readonly<Record<string, string>> = {
  'system-spec-name': 'SYSTEM_SPEC_NAME',
  'extra-envs': 'EXTRA_ENVS',
  'test-suite': 'TEST_SUITE',
  'preemptible-instances': 'PREEMPTIBLE_INSTANCES',
};

/** kubetest split `--node-args` at blanks. */
function mapNodeArgs(given: Given, work: Work): void {
  const to: string[] = [];
  const fields = (given.value ?? '').split(/\s+/).filter((field) => field !== '');
  const queue = fields.values();
  for (const field of queue) {
    const [, name = field, attached] = /^--?([\w-]+)(?:=([\s\S]*))?$/.exec(field) ?? [];
    const variable = MAKE_VARIABLES[name];
    const alone = attached === undefined && name === 'preemptible-instances';
    const value = unquoted(mapArgument(attached ?? (alone ? 'true' : (queue.next().value ?? '')), work));
    if (TESTER_FLAGS.has(name)) {
      const text = `--${name}=${value}`;
      work.draft.testerArgs.push(newWord(text, given.words));
      to.push(text);
    } else if (variable !== undefined) to.push(...giveVariable(work, given, variable, value).to);
    else {
      throw new Refused(
        `--node-args has ${field}: the node tester has no such flag`,
        'take it out, or put it into the image config file',
        '--node-args',
      );
    }
  }
  if (to.length === 0) work.draft.drop(given, 'it is empty');
  else work.draft.fate(given, 'mapped', to, 'each field is a flag of the tester, or a variable of the make target');
}

/** Quotes meant nothing to kubetest's split, and were taken off by the runner's shell. */
function unquoted(value: string): string {
  return /^"[^"]*"$|^'[^']*'$/.test(value) ? value.slice(1, -1) : value;
}
