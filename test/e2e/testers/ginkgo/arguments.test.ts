import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Env } from '../../../../src/api/env.ts';
import { parseFlags } from '../../../../src/cli/flags/parse.ts';
import { parseExtraArgs, suiteArguments } from '../../../../testers/ginkgo/arguments.ts';
import { flags } from '../../../../testers/ginkgo/flags.ts';
import { FROM_PATH, ginkgoHost } from '../../../helpers/ginkgo-host.ts';

const fake = (name: string) => expect.stringMatching(new RegExp(`/programs/ginkgo/${name}$`));

describe('the command line', () => {
  test('is that of the original, in its order, without empty values', async () => {
    const at = await ginkgoHost();
    const specified = ["--ginkgo-args=--no-color '-v'", '--parallel=4', '--test-args=--minStartupPods=8 --x="a b"'];
    const filters = ['--focus-regex=\\[Conformance\\]', '--skip-regex=\\[Slow\\] now', '--label-filter=!flaky'];
    const ended = await at.run([...FROM_PATH, ...specified, ...filters, '--provider=local', '--timeout=90m'], {
      env: { KUBECONFIG: 'relative/config' },
    });
    expect(ended).toMatchObject({ code: 0 });
    expect(await at.argv()).toEqual([
      '--no-color',
      '-v',
      '--nodes=4',
      fake('e2e.test'),
      '--',
      `--kubeconfig=${at.dir}/relative/config`,
      expect.stringMatching(/^--kubectl-path=\/.*\/programs\/ginkgo\/kubectl$/),
      '--ginkgo.skip=\\[Slow\\] now',
      '--ginkgo.focus=\\[Conformance\\]',
      '--ginkgo.label-filter=!flaky',
      '--provider=local',
      `--report-dir=${at.artifacts}`,
      '--ginkgo.timeout=1h30m0s',
      '--minStartupPods=8',
      '--x=a b',
    ]);
  });

  test('has the cluster of the last -kubeconfig in --test-args, and so has everything else', async () => {
    const at = await ginkgoHost();
    const { code, stderr } = await at.run([...FROM_PATH, '--test-args=-kubeconfig=/a --x -kubeconfig /tested'], {
      env: { KUBECONFIG: '/own' },
    });
    expect(code).toBe(0);
    expect(stderr).toContain('Testing with kubeconfig /tested');
    const argv = await at.argv();
    expect(argv).toContain('--kubeconfig=/tested');
    expect(argv).not.toContain('--kubeconfig=/own');
    expect(argv.slice(-2)).toEqual(['-kubeconfig', '/tested']);
  });

  test('has only the required arguments by default', async () => {
    const at = await ginkgoHost();
    await at.run(FROM_PATH);
    expect(await at.argv()).toEqual([
      '--nodes=1',
      fake('e2e.test'),
      '--',
      `--kubeconfig=${at.dir}/.kube/config`,
      expect.stringMatching(/^--kubectl-path=/),
      `--report-dir=${at.artifacts}`,
      '--ginkgo.timeout=24h0m0s',
    ]);
  });

  test('joins --focus-regex and the focus of --test-args, since an empty one would match everything', async () => {
    const at = await ginkgoHost();
    const inside = "--test-args=--ginkgo.focus='\\[B\\]' -ginkgo.focus C --ginkgo.skip= --last";
    await at.run([...FROM_PATH, '--focus-regex=A', inside]);
    const argv = await at.argv();
    expect(argv.filter((arg) => arg.includes('ginkgo.focus') || arg.includes('ginkgo.skip'))).toEqual([
      '--ginkgo.focus=A|\\[B\\]|C',
    ]);
    expect(argv.at(-1)).toBe('--last');
  });

  test('repeats failing specs with --flake-attempts', async () => {
    const at = await ginkgoHost();
    await at.run([...FROM_PATH, '--flake-attempts=2', '--ginkgo-args=-v']);
    expect((await at.argv()).slice(0, 3)).toEqual(['--flake-attempts=2', '-v', '--nodes=1']);
  });

  test('omits flags that an old suite does not have, and passes its timeout to ginkgo', async () => {
    const at = await ginkgoHost();
    const env = { FAKE_GINKGO_FLAGS: 'focus skip', FAKE_E2E_FLAGS: 'kubeconfig', FAKE_E2E_VERSION: 'v1.24.3' };
    await at.run([...FROM_PATH, '--focus-regex=A', '--flake-attempts=2', '--timeout=2h'], { env });
    expect(await at.argv()).toEqual([
      '--flakeAttempts=2',
      '--timeout=2h0m0s',
      '--nodes=1',
      fake('e2e.test'),
      '--',
      `--kubeconfig=${at.dir}/.kube/config`,
      '--ginkgo.focus=A',
    ]);
  });

  test('is rejected if an old suite cannot filter by label', async () => {
    const at = await ginkgoHost();
    const ended = await at.run([...FROM_PATH, '--label-filter=x'], { env: { FAKE_GINKGO_FLAGS: 'focus skip' } });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/cannot use --label-filter: .*e2e\.test has no flag --ginkgo\.label-filter/);
    await expect(at.argv()).rejects.toThrow();
  });
});

describe('a cluster of the gce deployer', () => {
  const project = { PROJECT: 'boskos-7', KUBE_GCE_ZONE: 'us-central1-b' };
  const argsOf = (specified: readonly string[], env: Env = project, deployer: string | undefined = 'gce') => {
    const values = parseFlags({ ginkgo: flags }, specified, {}).values.ginkgo;
    const suite = { version: { value: 'v1.36.1' }, ginkgo: 2 as const, knows: () => true };
    const context = { ginkgo: '', e2eTest: '', kubectl: '', kubeconfig: '', reportDir: '', provider: deployer, env };
    return suiteArguments(values, parseExtraArgs(values), suite, context).filter((arg) => !arg.startsWith('--ginkgo'));
  };
  const GCE = ['--provider=gce', '--gce-project=boskos-7', '--gce-zone=us-central1-b'];

  test.each<[string, readonly string[], readonly string[], Env?, string?]>([
    ['is tested as gce, with its project and zone', [], GCE],
    ['is tested as the value of --provider', ['--provider=skeleton'], ['--provider=skeleton']],
    ['keeps the values of --test-args', ['--test-args=--gce-zone=z'], [...GCE.slice(0, 2), '--gce-zone=z']],
    ['keeps the provider of --test-args', ['--test-args=--provider local'], ['--provider', 'local']],
    ['has no zone if none is known', [], GCE.slice(0, 2), { PROJECT: 'boskos-7' }],
    ['of another deployer is gce with --provider=gce', ['--provider=gce'], GCE, project, 'kind'],
    ['of another deployer is e2e.test’s own default', [], [], project, 'kind'],
  ])('%s', (_title, specified, expected, env, deployer) => {
    expect(argsOf(specified, env, deployer)).toEqual(expected);
  });
});

describe('the environment of the tests', () => {
  test('is inherited, and --env adds to it', async () => {
    const at = await ginkgoHost();
    await at.run([...FROM_PATH, '--env=A=1,B=x=y', '--env="C=1,2"'], { env: { KEPT: 'yes' } });
    const env = await at.env();
    expect(env).toMatchObject({ A: '1', B: 'x=y', C: '1,2', KEPT: 'yes', ARTIFACTS: at.artifacts });
    expect(env['PATH']).toMatch(new RegExp(`^${join(at.dir, 'rundir', 'run')}:`));
  });

  test.each([
    ['--env=A=1,B', `invalid --env "B": expected NAME=VALUE; quote a value with a comma: --env='"A=1,B"'`],
    ['--env=B', `invalid --env "B": expected NAME=VALUE; quote a value with a comma: --env='"B"'`],
  ])('%s is a usage error that shows how to quote', async (arg, message) => {
    const at = await ginkgoHost();
    const ended = await at.run([...FROM_PATH, arg]);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toContain(message);
  });

  test('warns about a variable that looks like the rest of a value', async () => {
    const at = await ginkgoHost();
    const ended = await at.run([...FROM_PATH, '--env=A=type=x,count=2']);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain(`quote it: --env='"A=type=x,count=2"'`);
  });
});

test.each([
  ['--use-built-binaries and --use-binaries-from-path', ['--use-built-binaries', '--use-binaries-from-path']],
  ['unterminated single quote', [...FROM_PATH, "--test-args=a 'b"]],
  ['trailing backslash', [...FROM_PATH, '--ginkgo-args=a\\']],
  ['use --skip-regex, which is not split', [...FROM_PATH, '--test-args=--ginkgo.skip=\\[Slow\\]']],
  ['use --focus-regex, which is not split', [...FROM_PATH, '--test-args=--ginkgo.focus \\[Slow\\]']],
  ['--rerun-failed cannot be used with --focus-regex', [...FROM_PATH, '--rerun-failed=x', '--focus-regex=y']],
  [
    '--rerun-failed cannot be used with --ginkgo.focus',
    [...FROM_PATH, '--rerun-failed=x', '--test-args=--ginkgo.focus=y'],
  ],
  ['"kube": expected one of kubectl, e2e.test, ginkgo, kubelet', [...FROM_PATH, '--check-version-skew-ignore=kube']],
  ['--check-version-skew', [...FROM_PATH, '--check-version-skew=some']],
  ['--flake-attempts', [...FROM_PATH, '--flake-attempts=-1']],
])('reports a usage error: %s', async (message, args) => {
  const at = await ginkgoHost();
  const ended = await at.run(args);
  expect(ended).toMatchObject({ code: 2 });
  expect(ended.stderr).toContain(message);
});

test('--dry-run prints the command and starts nothing', async () => {
  const at = await ginkgoHost();
  const ended = await at.run([...FROM_PATH, '--parallel=3', '--focus-regex=a b'], { launcher: ['--dry-run'] });
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.stdout + ended.stderr).toMatch(/ginkgo.*--nodes=3 .*e2e\.test -- .*'--ginkgo\.focus=a b'/);
  await expect(at.argv()).rejects.toThrow();
});
