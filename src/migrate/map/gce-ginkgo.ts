import { isOn, lastOf, type Work } from '../draft/context.ts';
import { newWord } from '../draft/draft.ts';
import { mapArgument } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import { splitVariable } from '../draft/variables.ts';
import type { Given } from '../recognise/read-flags.ts';

/** The ginkgo tester's side of a job: the arguments of e2e.test and of ginkgo. */
export function mapGinkgo(work: Work): void {
  const { draft } = work;
  draft.tester = 'ginkgo';
  const last = lastOccurrences(work, ['ginkgo-parallel', 'test_args', 'check-version-skew']);
  const parallel = last.get('ginkgo-parallel');
  if (parallel) mapParallel(work, parallel);
  const testArgs = last.get('test_args');
  if (testArgs) mapTestArgs(work, testArgs);
  else addDistributions(work, []);
  const skew = last.get('check-version-skew');
  if (skew && !isOn(work, 'check-version-skew')) draft.test(skew, ['--check-version-skew=off']);
  else if (skew) draft.drop(skew, 'the tester compares versions by itself');
}

/** The last occurrence of each flag; earlier ones meet their fate. */
function lastOccurrences(work: Work, names: readonly string[]): Map<string, Given> {
  const last = new Map<string, Given>();
  for (const given of work.flags) {
    if (!names.includes(given.name)) continue;
    const before = last.get(given.name);
    if (before) work.draft.drop(before, `a later ${given.flag} wins`);
    last.set(given.name, given);
  }
  return last;
}

function mapParallel({ draft }: Work, given: Given): void {
  const count = given.value === undefined || given.value === '' ? '25' : given.value;
  if (count === '1') draft.drop(given, 'one process is the default');
  else draft.test(given, [`--parallel=${count}`], given.value === undefined ? 'alone it meant 25' : '');
}

/** Selections of specs by the name e2e.test has for them. */
const SELECTIONS: Readonly<Record<string, string>> = {
  'ginkgo.focus': '--focus-regex',
  'ginkgo.skip': '--skip-regex',
  'ginkgo.label-filter': '--label-filter',
};

function mapTestArgs(work: Work, given: Given): void {
  const { draft } = work;
  const words = mapArgument(given.value ?? '', work)
    .split(/\s+/)
    .filter((word) => word !== '');
  const selected = new Map<string, string[]>();
  const rest: string[] = [];
  const queue = words.values();
  for (const word of queue) {
    const [, name = '', attached] = /^--?([\w.-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const flag = SELECTIONS[name];
    if (flag !== undefined) {
      const value = attached ?? queue.next().value ?? '';
      selected.set(flag, [...(selected.get(flag) ?? []), value]);
    } else {
      if (name === 'kubectl-path' && (attached ?? '').includes('kubernetes_skew')) throw skewed();
      rest.push(word);
    }
  }
  const args = Object.values(SELECTIONS).flatMap((flag) => {
    const values = (selected.get(flag) ?? []).filter((value) => value !== '');
    return values.length === 0 ? [] : [`${flag}=${values.join('|')}`];
  });
  for (const text of args) draft.testerArgs.push(newWord(text, given.words));
  const others = addDistributions(work, rest, given);
  const to = others === undefined ? args : [...args, others];
  if (to.length === 0) draft.drop(given, 'it is empty');
  else draft.fate(given, 'mapped', to, 'focus and skip are never split; the rest is, as a shell does');
}

function skewed(): Refused {
  return new Refused(
    '--test_args has a --kubectl-path below kubernetes_skew: kubectl of another version',
    'give the older kubectl as --test-args=--kubectl-path=PATH with --check-version-skew=warn',
    '--test_args',
  );
}

/**
 * `--test-args` with what is left, and with the distributions that ginkgo-e2e.sh passed to e2e.test: without them the specs
 * for one of them are skipped. Returns the argument, undefined for none.
 */
function addDistributions(work: Work, rest: readonly string[], given?: Given): string | undefined {
  const { draft } = work;
  const distros = [
    ['--node-os-distro', lastOf(work, 'gcp-node-image') ?? variableOf(work, 'KUBE_NODE_OS_DISTRIBUTION')],
    ['--master-os-distro', lastOf(work, 'gcp-master-image') ?? variableOf(work, 'KUBE_MASTER_OS_DISTRIBUTION')],
  ] as const;
  const added = distros.flatMap(([flag, value]) =>
    value === undefined || value === '' || rest.some((word) => word.replace(/^--?/, '--').startsWith(`${flag}=`))
      ? []
      : [`${flag}=${value}`],
  );
  if (rest.length + added.length === 0) return undefined;
  const text = `--test-args=${[...rest.map(shellWord), ...added].join(' ')}`;
  const from = given && rest.length > 0 ? given.words : [];
  draft.testerArgs.push(newWord(text, from, from.length === 0 ? 0 : rest.join(' ').length));
  if (added.length > 0) draft.added(added.join(' '), 'ginkgo-e2e.sh passed the distributions to e2e.test');
  return rest.length > 0 ? text : undefined;
}

function variableOf(work: Work, name: string): string | undefined {
  const values = work.flags.flatMap(({ name: flag, value }) => (flag === 'env' ? [splitVariable(value ?? '')] : []));
  return values.findLast((each) => each.name === name)?.value;
}

/** A word that the tester's split keeps whole: kubetest knew no quotes, so each character stands for itself. */
function shellWord(word: string): string {
  return /[\\'"|]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word;
}
