import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../helpers/programs/recorder.ts';
import { fakeBoskos } from '../../../helpers/servers/boskos.ts';
import { junit, messagesIn, Stage } from '../../../helpers/stage.ts';

const passing = junit({ passed: ['Kubelet runs', 'Summary answers'], skipped: ['Other'] });

/** A checkout of Kubernetes, as far as the tester uses it, and a project, so that none is leased. */
function stage(plan: Plan = {}, env: Readonly<Record<string, string>> = {}): Stage {
  const made = new Stage(['make', 'gcloud', 'e2e_node.test', 'ginkgo', 'kubelet', 'sudo'], plan, env);
  mkdirSync(join(made.dir, 'kubernetes'));
  return made;
}

const noop = ['noop', '--test=node', '--run-id=run-0123456789', '--'];
const inRepository = [...noop, '--repo-root=kubernetes', '--gcp-zone=us-west1-b', '--gcp-project=p-1'];

/** What Kubernetes' runner prints when it creates an instance. */
const making = (name: string) =>
  `Running gcloud with parameters : []string{"compute", "instances", "create", "${name}", "--machine-type=e2-medium"}\n`;

/** The gcloud calls that list instances. */
const looks = (at: Stage) =>
  at
    .argsOf('gcloud')
    .map((args) => args.join(' '))
    .filter((args) => args.startsWith('compute instances list '));

describe('make test-e2e-node', () => {
  test('runs in the repository with the values of the run, and its junit is reported', async () => {
    const at = stage({ make: { write: { '$ARTIFACTS/junit_cos-121-1886701.xml': passing } } });
    const { exitCode, stderr } = await at.run(...inRepository, '--focus-regex=Kubelet', ';');
    expect(stderr).toContain('image cos-121-18867: 2 specs ran: 2 passed, 0 failed, 1 skipped');
    expect(exitCode).toBe(0);
    const [call] = at.calls;
    expect(call?.cwd).toBe(join(at.dir, 'kubernetes'));
    expect(call?.args?.slice(0, 2)).toEqual(['test-e2e-node', 'REMOTE=true']);
    expect(call?.args).toEqual(
      expect.arrayContaining([
        'FOCUS=Kubelet',
        'CLOUDSDK_CORE_PROJECT=p-1',
        'ZONE=us-west1-b',
        'SSH_USER=prow',
        `SSH_KEY=${join(at.home, '.ssh/google_compute_engine')}`,
      ]),
    );
    expect(call?.env).toMatchObject({
      ARTIFACTS: at.artifacts,
      KUBETEST2_RUN_ID: 'run-0123456789',
      INSTANCE_PREFIX: 'kt2-run-012345678',
    });
    expect(stderr).toContain('No SSH key found');
    expect(stderr).toContain("Using the runner's own timeout");
  });

  test('gets the keys, the user and the prefix of the environment', async () => {
    const at = stage({}, { KUBE_SSH_USER: 'core', INSTANCE_PREFIX: 'mine' });
    for (const name of ['private', 'public']) writeFileSync(join(at.dir, name), name);
    at.env['GCE_SSH_PRIVATE_KEY_FILE'] = join(at.dir, 'private');
    at.env['GCE_SSH_PUBLIC_KEY_FILE'] = join(at.dir, 'public');
    const { stderr } = await at.run(...inRepository);
    expect(stderr).not.toContain('No SSH key found');
    expect(readdirSync(join(at.home, '.ssh'))).toEqual(['google_compute_engine', 'google_compute_engine.pub']);
    const [call] = at.calls;
    expect(call?.args).toContain('SSH_USER=core');
    expect(call?.env?.['INSTANCE_PREFIX']).toBe('mine');
  });

  test('deletes leaked instances of the run, and records them in a junit case', async () => {
    const left = [
      { name: 'kt2-run-012345678-cos-stable', zone: 'projects/p-1/zones/us-west1-b' },
      { name: 'another-owners', zone: 'z' },
    ];
    const at = stage({ make: { exit: 2 }, gcloud: { stdout: JSON.stringify(left) } });
    const { exitCode, stderr } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('Deleting what the runner left: instances kt2-run-012345678-cos-stable (zone us-west1-b)');
    const [list, deletion] = at.calls.filter(({ name }) => name === 'gcloud').map(({ args }) => args?.join(' '));
    expect(list).toMatch(/^compute instances list .*--project=p-1/);
    expect(deletion).toMatch(/^compute instances delete .*kt2-run-012345678-cos-stable/);
    expect(deletion).not.toContain('another-owners');
    expect(readFileSync(join(at.artifacts, 'junit_runner.xml'), 'utf8')).toContain('name="LeakCheck"');
  });

  test('a prefix of the environment is not treated as ours, but a random name is', async () => {
    const benchmark = 'n1-standard-2-cos-beta-1a2b3c4d';
    const at = stage(
      { make: { exit: 2, stdout: making('mine-cos-beta') + making(benchmark) }, gcloud: { stdout: '[]' } },
      { INSTANCE_PREFIX: 'mine' },
    );
    await at.run(...inRepository);
    expect(looks(at)).toEqual([expect.stringContaining(`--filter=name~^${benchmark.slice(0, 26)} `)]);
  });

  test('does not list instances that are to be kept', async () => {
    const at = stage({ make: { write: { '$ARTIFACTS/junit_cos-stable01.xml': passing } } });
    await at.run(...inRepository, '--delete-instances=false');
    expect(at.calls.map(({ name }) => name)).toEqual(['make']);
  });

  test('on ec2 gets no key, no project and no prefix', async () => {
    const at = stage();
    const { exitCode } = await at.run(...noop, '--repo-root=kubernetes', '--provider=aws', '--images=ami-1');
    expect(exitCode).toBe(0);
    const [call] = at.calls;
    expect(call?.args).toEqual(expect.arrayContaining(['SSH_KEY=', 'CLOUDSDK_CORE_PROJECT=', 'IMAGES=ami-1']));
    expect(call?.env).not.toHaveProperty('INSTANCE_PREFIX');
    expect(existsSync(join(at.home, '.ssh'))).toBe(false);
  });

  test('on this host creates no instances', async () => {
    const at = stage();
    const { exitCode } = await at.run(...noop, '--repo-root=kubernetes', '--remote=false');
    expect(exitCode).toBe(0);
    expect(at.argsOf('make')[0]?.slice(0, 2)).toEqual(['test-e2e-node', 'REMOTE=false']);
  });
});

describe('a wrong command line starts nothing', () => {
  test.each([
    [['--gcp-zone=z'], 'exactly one of --repo-root'],
    [['--repo-root=kubernetes'], '--provider=gce needs --gcp-zone'],
    [['--repo-root=kubernetes', '--gcp-zone=z', '--paralelism=8'], 'did you mean --parallelism?'],
  ])('%j', async (args, message) => {
    const at = stage();
    const { exitCode, stderr } = await at.run(...noop, ...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(at.calls).toEqual([]);
    expect(readdirSync(at.artifacts)).toEqual([]);
  });

  test('a root that does not exist', async () => {
    const at = stage();
    const { exitCode, stderr } = await at.run(...noop, '--repo-root=elsewhere', '--gcp-zone=z', '--gcp-project=p');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(`invalid --repo-root: directory ${join(at.dir, 'elsewhere')} does not exist`);
    expect(at.calls).toEqual([]);
  });
});

const help = ['e2e-node-binary', 'kubelet-binary', 'ginkgo-binary', 'gcp-zone', 'gcp-project', 'timeout']
  .map((flag) => `  -${flag} string\n    \ttext\n`)
  .join('');

/** A fake e2e_node.test: prints its help, then runs tests. */
const runner = (part: Plan[string] & object): Plan => ({ 'e2e_node.test': part });

describe('e2e_node.test remote', () => {
  test('on PATH gets the arguments that its help lists', async () => {
    const at = stage(runner({ stderr: help }));
    const { exitCode } = await at.run(
      ...noop,
      '--use-binaries-from-path',
      '--gcp-zone=z',
      '--gcp-project=p-1',
      '--timeout=60m',
    );
    expect(exitCode).toBe(0);
    expect(at.argsOf('e2e_node.test')).toEqual([
      ['remote', '--help'],
      [
        'remote',
        '--gcp-project=p-1',
        '--gcp-zone=z',
        '--timeout=1h0m0s',
        `--ginkgo-binary=${join(at.bin, 'ginkgo')}`,
        `--kubelet-binary=${join(at.bin, 'kubelet')}`,
        `--e2e-node-binary=${join(at.bin, 'e2e_node.test')}`,
      ],
    ]);
  });

  test('rejects a specified flag that it does not list, before any instance is created', async () => {
    const at = stage(runner({ stderr: help }));
    const { exitCode, stderr } = await at.run(
      ...noop,
      '--use-binaries-from-path',
      '--gcp-zone=z',
      '--gcp-project=p',
      '--label-filter=x',
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('e2e_node.test does not support --label-filter');
    expect(at.argsOf('e2e_node.test')).toEqual([['remote', '--help']]);
  });

  test('built in the repository is run from there', async () => {
    const at = stage();
    const output = join(at.dir, 'kubernetes/_output/bin');
    for (const name of ['e2e_node.test', 'ginkgo', 'kubelet']) at.addFake(join(output, name), name);
    const { exitCode } = await at.run(...inRepository, '--build-binaries');
    expect(exitCode).toBe(0);
    expect(at.argsOf('make')).toEqual([['WHAT=cmd/kubelet ginkgo test/e2e_node/e2e_node.test']]);
    const args = at.argsOf('e2e_node.test').at(-1);
    expect(args?.at(-1)).toBe(`--e2e-node-binary=${join(output, 'e2e_node.test')}`);
    expect(at.calls.at(-1)?.cwd).toBe(join(at.dir, 'kubernetes'));
  });

  test('in the run directory is used, and reported when missing', async () => {
    const at = stage();
    const args = ['--use-built-binaries', '--gcp-zone=z', '--gcp-project=p-1'];
    const missing = await at.run(...noop, ...args);
    expect(missing.exitCode).not.toBe(0);
    expect(missing.stderr).toContain(`missing binaries: ${join(at.dir, '_rundir/run-0123456789/e2e_node.test')}`);
    for (const name of ['e2e_node.test', 'ginkgo', 'kubelet']) {
      at.addFake(join(at.dir, '_rundir/run-0123456789', name), name);
    }
    expect((await at.run(...noop, ...args)).exitCode).toBe(0);
  });

  const onPath = [...noop, '--use-binaries-from-path', '--gcp-zone=z', '--gcp-project=p-1'];

  test('leaks instances, which are found by the random name in its output, and deleted', async () => {
    const named = (prefix: string) => ({ name: `tmp-node-e2e-${prefix}-cos-beta`, zone: 'projects/p-1/zones/z' });
    const at = stage({
      'e2e_node.test': [
        { when: 'remote --help', stderr: help },
        { die: 'SIGKILL', stdout: making(named('1a2b3c4d').name) },
      ],
      gcloud: { stdout: JSON.stringify([named('1a2b3c4d'), named('ffffffff')]) },
    });
    const { exitCode, stderr } = await at.run(...onPath);
    expect(exitCode).toBe(1);
    expect(looks(at)).toEqual([expect.stringContaining('--filter=name~^tmp-node-e2e-1a2b3c4d ')]);
    expect(stderr).toContain('Deleting what the runner left: instances tmp-node-e2e-1a2b3c4d-cos-beta (zone z)');
    expect(stderr).toContain('e2e_node.test was killed by SIGKILL');
    const deletion = at.argsOf('gcloud').at(-1);
    expect(deletion?.slice(0, 4)).toEqual(['compute', 'instances', 'delete', named('1a2b3c4d').name]);
    expect(deletion).not.toContain(named('ffffffff').name);
    expect(at.artifact('junit_runner.xml')).toContain('name="LeakCheck"');
  });

  test('that is interrupted while gcloud creates an instance is cleaned up', async () => {
    const name = 'tmp-node-e2e-1a2b3c4d-cos-beta';
    const at = stage({
      'e2e_node.test': [
        { when: 'remote --help', stderr: help },
        { hang: 0, stdout: making(name) },
      ],
      gcloud: { stdout: JSON.stringify([{ name, zone: 'z' }]) },
    });
    const running = at.start(...onPath);
    await running.called(({ hangs }) => hangs === true);
    running.child.kill('SIGTERM');
    const { exitCode, stderr } = await running.ended;
    expect(exitCode).toBe(143);
    expect(stderr).toContain(`Deleting what the runner left: instances ${name} (zone z)`);
  });

  test('that creates no instance needs no leak check', async () => {
    const at = stage(runner({ stderr: help, exit: 1 }));
    expect((await at.run(...onPath)).exitCode).toBe(1);
    expect(at.argsOf('gcloud')).toEqual([]);
  });

  test('on this host is run by ginkgo', async () => {
    const at = stage();
    const { exitCode } = await at.run(
      ...noop,
      '--use-binaries-from-path',
      '--remote=false',
      '--skip-regex=',
      '--focus-regex=a b',
      '--test-args=--kubelet-flags="--x=1 --y"',
      '--parallelism=2',
    );
    expect(exitCode).toBe(0);
    const [args] = at.argsOf('ginkgo');
    expect(args).toEqual([
      '--timeout=24h',
      '--nodes=2',
      '--focus=a b',
      join(at.bin, 'e2e_node.test'),
      '--',
      '--v=4',
      `--report-dir=${at.artifacts}`,
      expect.stringMatching(/^--node-name=./),
      '--kubelet-flags=--x=1 --y',
    ]);
    expect(at.calls.map(({ name }) => name)).not.toContain('make');
  });
});

describe('results', () => {
  test('are reported by image, and the run fails with the failed specs', async () => {
    const at = stage({
      make: {
        write: {
          '$ARTIFACTS/junit_cos01.xml': passing,
          '$ARTIFACTS/junit_ubuntu01.xml': junit({ passed: ['Kubelet runs'], failed: ['Eviction evicts'] }),
        },
        exit: 2,
      },
    });
    const { exitCode, stderr } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('ubuntu: 1 of 2 specs failed: Eviction evicts');
    expect(messagesIn(stderr)).toMatch(
      /image ubuntu: 2 specs ran: 1 passed, 1 failed\n *failed:\n *Eviction evicts .*\n *expected true/,
    );
    expect(at.artifact('junit_runner.xml')).toContain('image ubuntu: 2 specs ran: 1 passed, 1 failed');
  });

  test('of a runner that writes no junit have its output', async () => {
    const at = stage({ make: { exit: 2, stderr: 'Could not find gcloud project' } });
    const { exitCode } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    const record = at.artifact('junit_runner.xml');
    expect(record).toContain('make exited with code 2');
    expect(record).toContain('Could not find gcloud project');
    expect(record).toContain('no junit file of the tests');
  });

  test('report a truncated junit file', async () => {
    const at = stage({ make: { write: { '$ARTIFACTS/junit_cos01.xml': passing.slice(0, 200) }, exit: 1 } });
    const { exitCode, stderr } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    expect(stderr + at.artifact('junit_runner.xml')).toContain('junit_cos01.xml is not valid XML');
  });

  test('of a killed runner name the signal', async () => {
    const at = stage({ make: { die: 'SIGKILL' } });
    const { exitCode, stderr } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('make was killed by SIGKILL');
  });

  test('of an earlier run do not count', async () => {
    const at = stage({ make: { exit: 1 } });
    writeFileSync(join(at.artifacts, 'junit_cos01.xml'), junit({ failed: ['of yesterday'] }));
    const { stderr } = await at.run(...inRepository);
    expect(stderr).not.toContain('of yesterday');
  });

  test('without any test fail, unless that is allowed', async () => {
    const plan = { make: { write: { '$ARTIFACTS/junit_cos01.xml': junit({ skipped: ['All'] }) } } };
    const at = stage(plan);
    const { exitCode, stderr } = await at.run(...inRepository);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('no test ran on any instance');
    expect((await stage(plan).run(...inRepository, '--allow-no-tests')).exitCode).toBe(0);
  });
});

describe('an interruption', () => {
  test('reaches the runner, which has the time to delete its instances', async () => {
    const at = stage({ make: { instance: '$ARTIFACTS/instance', hang: 1500 } });
    const running = at.start('noop', '--test=node', '--interrupt-grace=200ms', '--', ...inRepository.slice(4));
    await running.called(({ hangs }) => hangs === true);
    expect(existsSync(join(at.artifacts, 'instance'))).toBe(true);
    running.child.kill('SIGTERM');
    const { exitCode } = await running.ended;
    expect(exitCode).toBe(143);
    expect(at.calls.flatMap(({ got }) => got ?? [])).toEqual(['SIGINT']);
    expect(existsSync(join(at.artifacts, 'instance'))).toBe(false);
  });

  test('kills a runner that ignores SIGINT, after the timeout', async () => {
    const at = stage({ make: { hang: 0, ignore: ['SIGINT'] } });
    const running = at.start(...inRepository, '--delete-instances-timeout=300ms');
    await running.called(({ hangs }) => hangs === true);
    running.child.kill('SIGINT');
    const { exitCode } = await running.ended;
    expect(exitCode).toBe(130);
    expect(at.calls.flatMap(({ got, ignores }) => got ?? ignores ?? [])).toEqual(['SIGINT', 'SIGTERM']);
  });
});

describe('a project from Boskos', () => {
  test('is passed to the tests, and released when they passed', async () => {
    const boskos = await fakeBoskos();
    const at = stage();
    const { exitCode } = await at.run(
      ...noop,
      '--repo-root=kubernetes',
      '--gcp-zone=z',
      `--boskos-location=${boskos.url}`,
      '--gcp-project-type=node-project',
    );
    expect(exitCode).toBe(0);
    expect(at.argsOf('make')[0]).toContain('CLOUDSDK_CORE_PROJECT=leased-1');
    expect(boskos.calls).toEqual(['acquire node-project', 'release leased-1 dirty']);
  });

  test.each([
    ['they failed', { exit: 1 }],
    ['the runner was killed', { die: 'SIGKILL' as const }],
  ])('is released when %s', async (_, part) => {
    const boskos = await fakeBoskos();
    const at = stage({ make: part });
    const { exitCode } = await at.run(
      ...noop,
      '--repo-root=kubernetes',
      '--gcp-zone=z',
      `--boskos-location=${boskos.url}`,
    );
    expect(exitCode).toBe(1);
    expect(boskos.calls.at(-1)).toBe('release leased-1 dirty');
  });

  test('is released after an interruption, when the runner has exited', async () => {
    const boskos = await fakeBoskos();
    const at = stage({ make: { hang: 0 } });
    const running = at.start(...noop, '--repo-root=kubernetes', '--gcp-zone=z', `--boskos-location=${boskos.url}`);
    await running.called(({ hangs }) => hangs === true);
    running.child.kill('SIGINT');
    expect((await running.ended).exitCode).toBe(130);
    expect(boskos.calls).toEqual(['acquire gce-project', 'release leased-1 dirty']);
  });

  test('that is not available fails the run, and nothing runs', async () => {
    const boskos = await fakeBoskos({ free: 0 });
    const at = stage();
    const { exitCode, stderr } = await at.run(
      ...noop,
      '--repo-root=kubernetes',
      '--gcp-zone=z',
      `--boskos-location=${boskos.url}`,
      '--boskos-acquire-timeout-seconds=0',
    );
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('no gce-project became free in Boskos');
    expect(stderr).not.toContain('may be left behind');
    expect(at.argsOf('make')).toEqual([]);
  });
});
