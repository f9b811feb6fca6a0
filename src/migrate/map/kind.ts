import { isOn, lastOf, type Work } from '../draft/context.ts';
import { newWord } from '../draft/draft.ts';
import { mapArgument } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import { giveVariable, splitVariable } from '../draft/variables.ts';
import type { Given } from '../recognise/read-flags.ts';
import { mapGinkgo } from './gce-ginkgo.ts';

/** `--deployment=kind` of kubetest. */
export function mapKind(work: Work): void {
  const { draft, flags } = work;
  draft.deployer = 'kind';
  const version = lastOf(work, 'kind-binary-version');
  if (version === 'build') {
    throw new Refused(
      '--kind-binary-version=build: kind from its checkout',
      'install kind from the checkout first, then use --kind-version=path',
      '--kind-binary-version',
    );
  }
  const build = flags.some(({ name }) => name === 'build');
  if (!build) refuseOtherVersions(work);
  for (const given of flags) mapFlag(given, work);
  for (const name of ['up', 'down'] as const) {
    if (isOn(work, name) && !flags.some((given) => given.name === name)) {
      draft.add('deployer', `--${name}`, 'the scenario’s default was true, here it is false');
    }
  }
  draft.deployerArgs.sort((one, other) => rank(one.text) - rank(other.text));
  if (!isOn(work, 'test')) return;
  if (build) draft.add('tester', '--use-built-binaries', '--build made them');
  mapGinkgo(work);
  mapSelection(work);
}

const FIRST = ['--build', '--up', '--down'];

function rank(argument: string): number {
  const at = FIRST.indexOf(argument);
  return at === -1 ? FIRST.length : at;
}

function refuseOtherVersions(work: Work): void {
  if (!isOn(work, 'up')) return;
  throw new Refused(
    'kind without --build: the image of the cluster and the tests would be of two versions',
    'write the line by hand: kind --image-name=kindest/node:vX --test=ginkgo -- --test-package-version=vX',
    '--deployment',
  );
}

const RENAMED: Readonly<Record<string, string>> = {
  'kind-config-path': '--config',
  'kind-kubeconfig-path': '--kubeconfig',
  'kind-base-image': '--base-image',
  'kind-cluster-name': '--cluster-name',
  'kind-node-image': '--image-name',
  'kind-binary-version': '--kind-version',
};

const GINKGO = new Set(['ginkgo-parallel', 'test_args', 'check-version-skew', 'ginkgo-focus', 'ginkgo-skip']);

function mapFlag(given: Given, work: Work): void {
  const { draft } = work;
  const flag = RENAMED[given.name];
  const last = work.flags.findLast(({ name }) => name === given.name) === given;
  if (given.name === 'env') return mapEnv(given, work);
  if (GINKGO.has(given.name)) return isOn(work, 'test') ? undefined : draft.drop(given, 'no ginkgo run was asked for');
  if (!last) return draft.drop(given, `a later ${given.flag} wins`);
  if (given.name === 'kind-binary-version' && given.value === 'stable')
    return draft.drop(given, 'the newest release is the default');
  if (flag !== undefined) return draft.deploy(given, [`${flag}=${mapArgument(given.value ?? '', work)}`]);
  if (given.name === 'build') return draft.deploy(given, ['--build']);
  if (given.name === 'timeout') return draft.deploy(given, [`--timeout=${given.value}`]);
  if (given.name === 'up' || given.name === 'down') {
    if (isOn(work, given.name)) return draft.deploy(given, [`--${given.name}`]);
    return draft.drop(given, 'false is the default here');
  }
  draft.drop(given, 'the deployer kind has no use for it');
}

function mapEnv(given: Given, work: Work): void {
  const { name, value } = splitVariable(given.value ?? '');
  const later = work.flags.findLast((each) => each.name === 'env' && splitVariable(each.value ?? '').name === name);
  if (later !== given) return work.draft.drop(given, `a later --env=${name} wins`);
  const { to, why } = giveVariable(work, given, name, value);
  work.draft.fate(given, to.length === 0 ? 'dropped' : 'moved', to, why);
}

/** kind read kubetest's own focus and skip. */
function mapSelection(work: Work): void {
  for (const [name, flag] of [
    ['ginkgo-focus', '--focus-regex'],
    ['ginkgo-skip', '--skip-regex'],
  ] as const) {
    const all = work.flags.filter((given) => given.name === name);
    for (const given of all) {
      const text = `${flag}=${given.value ?? ''}`;
      if (given !== all.at(-1)) work.draft.drop(given, `a later ${given.flag} wins`);
      else {
        work.draft.testerArgs.push(newWord(text, given.words));
        work.draft.fate(given, 'renamed', [text], '');
      }
    }
  }
}
