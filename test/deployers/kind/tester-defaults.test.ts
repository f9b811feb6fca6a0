import { expect, test } from 'vitest';
import { flags } from '../../../deployers/kind/flags.ts';
import { ginkgoDefaults } from '../../../deployers/kind/tester-defaults.ts';
import type { Env } from '../../../src/api/env.ts';
import { parseFlags } from '../../../src/cli/flags/parse.ts';

const defaults = (env: Env, ...args: string[]) =>
  ginkgoDefaults(env, parseFlags({ kind: flags }, args, env).values.kind);

test('sets no flags without variables', () => {
  expect(defaults({})).toEqual([]);
});

test.each<[Env, string[]]>([
  [{ FOCUS: '\\[sig-api\\]' }, ['--focus-regex=\\[sig-api\\]']],
  [{ SKIP: 'a|b' }, ['--skip-regex=a|b']],
  [{ LABEL_FILTER: '!Slow' }, ['--label-filter=!Slow']],
  [{ PARALLEL: 'true' }, ['--skip-regex=\\[Serial\\]', '--parallel=25']],
  [{ PARALLEL: 'true', SKIP: 'a' }, ['--skip-regex=\\[Serial\\]|a', '--parallel=25']],
  [{ PARALLEL: 'false' }, []],
  [{ GINKGO_PARALLEL: 'y' }, ['--parallel=25']],
  [{ PARALLEL: 'true', GINKGO_PARALLEL_NODES: '4' }, ['--skip-regex=\\[Serial\\]', '--parallel=4']],
  [{ GINKGO_TOLERATE_FLAKES: 'y' }, ['--flake-attempts=2']],
  [{ GINKGO_TIMEOUT: '2h' }, ['--timeout=2h']],
  [{ GINKGO_UNTIL_IT_FAILS: 'true', GINKGO_NO_COLOR: 'y' }, ['--ginkgo-args=--until-it-fails --no-color']],
  [{ GINKGO_POLL_PROGRESS_AFTER: '5m' }, ['--ginkgo-args=--poll-progress-after=5m']],
  [{ GINKGO_PARALLEL: 'Y', KUBE_RACE: '-race' }, ['--parallel=10']],
  [{ KUBE_E2E_TEST_ARGS: ' -a=[x] --b  c ' }, ["--test-args='-a=[x]' --b c"]],
  [{ PREPULL_IMAGES: 'true' }, ['--test-args=--prepull-images=true']],
  [{ PREPULL_IMAGES: 'false', KUBE_E2E_TEST_ARGS: ' ' }, []],
])('%j becomes %j', (env, args) => {
  expect(defaults(env)).toEqual(args);
});

test.each<[Env, string | undefined]>([
  [{}, '--focus-regex=\\[Conformance\\]'],
  [{ LABEL_FILTER: 'x' }, undefined],
  [{ FOCUS: '' }, undefined],
  [{ FOCUS: 'f' }, '--focus-regex=f'],
])('--e2e-k8s with %j has the focus of the script: %s', (env, focus) => {
  expect(defaults(env, '--e2e-k8s').find((arg) => arg.startsWith('--focus'))).toBe(focus);
});

test('--e2e-k8s passes the number of workers to e2e.test', () => {
  expect(defaults({}, '--e2e-k8s')).toContain('--test-args=--num-nodes=2 --disable-log-dump=true');
  expect(defaults({}, '--e2e-k8s', '--workers=5')).toContain('--test-args=--num-nodes=5 --disable-log-dump=true');
  expect(defaults({}, '--e2e-k8s', '--nodes=4')).toContain('--test-args=--num-nodes=3 --disable-log-dump=true');
});

test('--e2e-k8s has the ginkgo arguments of hack/ginkgo-e2e.sh, in CI and elsewhere', () => {
  const progress = '--poll-progress-after=60m --poll-progress-interval=5m';
  expect(defaults({}, '--e2e-k8s')).toContain(`--ginkgo-args=--silence-skips ${progress}`);
  const inCi = `--ginkgo-args=--silence-skips --force-newlines --no-color ${progress}`;
  expect(defaults({ CI: 'true' }, '--e2e-k8s')).toContain(inCi);
  const chosen = { CI: 'true', GINKGO_SILENCE_SKIPS: 'n', GINKGO_FORCE_NEWLINES: 'n', GINKGO_NO_COLOR: 'n' };
  expect(defaults(chosen, '--e2e-k8s')).toContain(`--ginkgo-args=${progress}`);
});
