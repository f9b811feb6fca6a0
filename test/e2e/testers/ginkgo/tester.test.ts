import { chmod, copyFile, mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { FROM_PATH, type GinkgoHost, ginkgoHost } from '../../../helpers/ginkgo-host.ts';

const suite = (...cases: string[]) =>
  `<testsuites><testsuite name="Kubernetes e2e suite">${cases.join('')}</testsuite></testsuites>`;
const passed = (name: string) => `<testcase name="[It] ${name}" time="1.5"/>`;
const failed = (name: string) => `<testcase name="[It] ${name}" time="2"><failure>expected one</failure></testcase>`;

const runner = (at: GinkgoHost) => readFile(join(at.artifacts, 'junit_runner.xml'), 'utf8');

describe('the outcome of the tests', () => {
  test('is shown when they pass, in the log and in junit', async () => {
    const at = await ginkgoHost();
    await at.write('junit_01.xml', suite(passed('one'), passed('two')));
    await at.write('ginkgo.out', '••\nRan 2 of 9 Specs in 3.0 seconds\n');
    const ended = await at.run(FROM_PATH);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/2 specs ran: 2 passed, 0 failed/);
    expect(await runner(at)).toMatch(/<testcase name="Test".*2 specs ran: 2 passed/s);
  });

  test('is shown with the failures when they fail; the exit code is 1', async () => {
    const at = await ginkgoHost();
    await at.write('junit_01.xml', suite(passed('one'), failed('two')));
    const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toMatch(/Test failed.*: 1 of 1 specs? failed|1 of 2 specs failed: two/);
    const record = await runner(at);
    expect(record).toMatch(/<failure message="1 of 2 specs failed: two/);
    expect(record).toContain('expected one');
  });

  test('is on the last screen of a terminal even if there is output after the tests', async () => {
    const at = await ginkgoHost();
    await at.write('junit_01.xml', suite(passed('one'), failed('two')));
    const env = { FAKE_GINKGO_EXIT: '1', NO_COLOR: '1', TERM: 'xterm' };
    for (const [launcher, times] of [
      [['--down'], 2],
      [[], 1],
    ] as const) {
      const { code, stdout } = await at.run(FROM_PATH, { env, launcher, terminal: true });
      expect(code).toBe(1);
      expect(stdout.match(/2 specs ran: 1 passed, 1 failed/g)).toHaveLength(times);
      expect(stdout).toMatch(/expected one[\s\S]*The run failed: Test failed: 1 of 2 specs failed: two/);
    }
  });

  test('comes from the output when there is no junit file', async () => {
    const at = await ginkgoHost();
    await at.write(
      'ginkgo.out',
      'Will run 3 of 9 specs\n•\n• [FAILED] [1 seconds]\n•\nRan 3 of 9 Specs in 1 seconds\n',
    );
    const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('1 of 3 specs failed');
  });

  test('has no number of specs if it is unknown', async () => {
    const at = await ginkgoHost();
    await at.write('ginkgo.out', 'nothing to count\n');
    const ended = await at.run(FROM_PATH);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stderr).toContain('number of specs unknown: no junit file, and no totals in the output');
    expect(ended.stderr).not.toContain('0 specs');
  });

  test('has the output passed through', async () => {
    const at = await ginkgoHost();
    await at.write('ginkgo.out', 'some output\nRan 1 of 1 Specs in 1 seconds\n');
    expect((await at.run(FROM_PATH)).stdout).toContain('some output\n');
  });
});

describe('a run without specs', () => {
  test.each([
    ['its output', 'Ran 0 of 9 Specs in 0.1 seconds\n', undefined],
    ['its junit file', 'nothing to read\n', suite('<testcase name="[It] one"><skipped/></testcase>')],
  ])('fails, according to %s', async (_title, output, junit) => {
    const at = await ginkgoHost();
    await at.write('ginkgo.out', output);
    if (junit !== undefined) await at.write('junit_01.xml', junit);
    const ended = await at.run(FROM_PATH);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('no spec ran: no spec matches the focus, skip and label filter');
  });

  test('passes with --allow-no-tests', async () => {
    const at = await ginkgoHost();
    await at.write('ginkgo.out', 'Ran 0 of 9 Specs in 0.1 seconds\n');
    expect(await at.run([...FROM_PATH, '--allow-no-tests'])).toMatchObject({ code: 0 });
  });

  test('is reported when the suite fails before its specs', async () => {
    const at = await ginkgoHost();
    const setup = '<testcase name="[SynchronizedBeforeSuite]"><failure>no nodes</failure></testcase>';
    await at.write('junit_01.xml', suite(setup));
    await at.write('ginkgo.out', 'Ran 0 of 9 Specs in 0.1 seconds\n');
    const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
    expect(ended.stderr).toContain('no spec ran: the suite failed outside of its specs: [SynchronizedBeforeSuite]');
  });
});

test.each([
  [
    'before any spec ran',
    'boom\nRan 0 of 9 Specs in 0.1 seconds\nTest Suite Failed\n',
    'ginkgo exited with code 197 before any spec ran: Ran 0 of 9 Specs',
  ],
  [
    'although no spec failed',
    'Ran 2 of 2 Specs in 1 seconds\nDetected Programmatic Focus - setting exit status to 197\n',
    'programmatic focus: remove FIt, FDescribe and the like from the suite; Ginkgo fails it for them (ginkgo exited with code 197, but no spec failed)',
  ],
  [
    'for an unknown flag, before pages of usage',
    `flag provided but not defined: -nosuch\n${'  --ginkgo.seed [int]\n'.repeat(20_000)}`,
    'flag provided but not defined: -nosuch (ginkgo exited with code 197)',
  ],
])('leads with the reason when ginkgo fails %s', async (_title, output, reason) => {
  const at = await ginkgoHost();
  await at.write('ginkgo.out', output);
  const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '197' } });
  expect(ended).toMatchObject({ code: 1 });
  expect(ended.stderr).toContain(`The run failed: Test failed: ${reason}`);
  const record = await runner(at);
  expect(record).toContain(`<failure message="${reason}`);
  expect(record).toContain(output.trim().split('\n').at(-1));
});

test('names the failed specs and the process that disappeared when Ginkgo wrote no junit file', async () => {
  const at = await ginkgoHost();
  const output = [
    'Will run 12 of 12 specs',
    '••',
    '• [FAILED] [0.000 seconds]',
    '[sig-x] things [It] should do number 2',
    '•',
    'Ginkgo timed out waiting for all parallel procs to report back',
    'Exit result of proc 2:',
    '  exit status 3',
    '',
  ].join('\n');
  await at.write('ginkgo.out', output);
  const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
  expect(ended.stderr).toContain(
    'Test failed: 1 of 4 specs failed: [sig-x] things should do number 2; a parallel process of Ginkgo disappeared (process 2: exit status 3)',
  );
});

test('counts specs that were interrupted apart, behind the one that failed', async () => {
  const at = await ginkgoHost();
  const interrupted =
    '<testcase name="[It] a"><error message="Interrupted by Other Ginkgo Process" type="interrupted">x</error></testcase>';
  await at.write('junit_01.xml', suite(interrupted, passed('b'), failed('c')));
  const ended = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
  expect(ended.stderr).toContain('Test failed: 1 of 3 specs failed: c; 1 spec interrupted');
  expect(ended.stderr).toContain('3 specs ran: 1 passed, 1 failed, 1 interrupted');
});

describe('--rerun-failed', () => {
  test('focuses exactly the specs that failed', async () => {
    const at = await ginkgoHost();
    const setup = '<testcase name="[BeforeSuite]"><failure/></testcase>';
    await at.write('earlier/junit_01.xml', suite(passed('one'), failed('does a+b (twice) [Slow]'), setup));
    await at.write('earlier/junit_02.xml', suite(failed('three')));
    await at.write('earlier/junit_runner.xml', suite(failed('Test')));
    await at.run([...FROM_PATH, '--rerun-failed=earlier']);
    const [focus] = (await at.argv()).filter((arg) => arg.startsWith('--ginkgo.focus'));
    expect(focus).toBe(
      '--ginkgo.focus=^Kubernetes e2e suite \\s*does a\\+b \\(twice\\)(?: \\[Slow\\])?\\s*$|^Kubernetes e2e suite \\s*three\\s*$',
    );
  });

  test.each([
    ['a missing file', 'none.xml', 'none.xml (--rerun-failed): no such file or directory'],
    ['a file that is no junit', 'bad.xml', 'bad.xml is not valid XML'],
    ['a directory without junit files', '.', 'no junit*.xml in '],
    ['results without a failure', 'good.xml', 'no failed spec in good.xml'],
  ])('rejects %s before anything runs', async (_title, file, message) => {
    const at = await ginkgoHost();
    await at.write('bad.xml', '<testsuites');
    await at.write('good.xml', suite(passed('one')));
    const ended = await at.run([...FROM_PATH, `--rerun-failed=${file}`]);
    expect(ended).toMatchObject({ code: 3 });
    expect(ended.stderr).toContain(message);
  });

  test('does nothing, with --allow-no-tests, if nothing failed', async () => {
    const at = await ginkgoHost();
    await at.write('good.xml', suite(passed('one')));
    const ended = await at.run([...FROM_PATH, '--rerun-failed=good.xml', '--allow-no-tests']);
    expect(ended).toMatchObject({ code: 0 });
    await expect(at.argv()).rejects.toThrow();
  });
});

test('--list-specs prints only the specs that would run to stdout', async () => {
  const at = await ginkgoHost();
  const spec = (text: string, State: string) => ({
    ContainerHierarchyTexts: ['[sig]', 'Pods'],
    LeafNodeType: 'It',
    LeafNodeText: text,
    State,
  });
  const specs = [spec('work', 'passed'), spec('not now', 'skipped'), { LeafNodeType: 'BeforeSuite', State: 'passed' }];
  await at.write('report.json', JSON.stringify([{ SpecReports: specs }]));
  const ended = await at.run([...FROM_PATH, '--list-specs', '--focus-regex=Pods', '--test-args=--report-dir=/mine']);
  expect(ended).toMatchObject({ code: 0, stdout: '[sig] Pods work\n' });
  const argv = (await at.read('e2e.argv')).split('\0');
  expect(argv).toContain('--ginkgo.focus=Pods');
  expect(argv).toContain('--ginkgo.dry-run');
  expect(argv.findLast((arg) => arg.startsWith('--report-dir'))).toBe('--report-dir=');
});

describe('the binaries of the tests', () => {
  test('are logged and recorded with version, origin and digest', async () => {
    const at = await ginkgoHost();
    const ended = await at.run(FROM_PATH);
    expect(ended.stderr).toMatch(/e2e\.test v1\.36\.1 from PATH: \/.*\/e2e\.test, sha256 [0-9a-f]{64}/);
    expect(await at.metadata()).toMatchObject({
      'tester-version': expect.any(String),
      'job-version': 'v1.36.1',
      'e2e-test-version': 'v1.36.1',
      'ginkgo-version': '2.28.1',
      'kubectl-version': 'v1.36.1',
      'ginkgo-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('that Build put into the run directory are used unchanged', async () => {
    const at = await ginkgoHost();
    const built = join(at.dir, 'rundir', 'run');
    await mkdir(built, { recursive: true });
    for (const name of ['e2e.test', 'ginkgo', 'kubectl']) {
      await copyFile(
        fileURLToPath(new URL(`../../../helpers/programs/ginkgo/${name}`, import.meta.url)),
        join(built, name),
      );
      await chmod(join(built, name), 0o755);
    }
    await rename(join(built, 'kubectl'), join(built, 'moved'));
    const args = ['--use-built-binaries', '--check-version-skew=off'];
    const without = await at.run(args);
    expect(without).toMatchObject({ code: 3 });
    expect(without.stderr).toContain(`no built kubectl at ${join(built, 'kubectl')}`);
    await rename(join(built, 'moved'), join(built, 'kubectl'));
    expect(await at.run(args)).toMatchObject({ code: 0 });
    expect(await at.argv()).toContain(join(built, 'e2e.test'));
  });

  test('that are not on PATH fail the run before there is a cluster', async () => {
    const at = await ginkgoHost();
    const ended = await at.run(FROM_PATH, { env: { PATH: '/usr/bin:/bin' }, launcher: ['--up'] });
    expect(ended).toMatchObject({ code: 3 });
    expect(ended.stderr).toContain('e2e.test not found on PATH (--use-binaries-from-path)');
  });
});

describe('the version skew check', () => {
  test('runs before the tests and fails the run at a strict level', async () => {
    const at = await ginkgoHost();
    const args = ['--use-binaries-from-path', '--check-version-skew=policy'];
    const ended = await at.run(args, { env: { FAKE_SERVER: '{"gitVersion":"v1.34.0"}' } });
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('Version skew: e2e.test v1.36.1 is 2 minor versions newer');
    await expect(at.argv()).rejects.toThrow();
    expect(await readFile(join(at.artifacts, 'junit_version_skew.xml'), 'utf8')).toContain('<failure');
  });

  test('only warns at the default level, and is exact without a value', async () => {
    const at = await ginkgoHost();
    const env = { FAKE_SERVER: '{"gitVersion":"v1.36.2"}' };
    expect(await at.run(['--use-binaries-from-path'], { env })).toMatchObject({ code: 0 });
    const exact = await at.run(['--use-binaries-from-path', '--check-version-skew'], { env });
    expect(exact).toMatchObject({ code: 1 });
    expect(exact.stderr).toContain('2 violations at level "exact"');
  });

  test('checks the kubectl that the tests use', async () => {
    const at = await ginkgoHost();
    const ended = await at.run([
      '--use-binaries-from-path',
      '--check-version-skew=policy',
      '--test-args=--kubectl-path=/first --kubectl-path=/no/kubectl',
    ]);
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('/no/kubectl');
  });
});

test('the kubeconfig of the deployer takes precedence over that of the environment', async () => {
  const at = await ginkgoHost();
  await at.write('mine', 'apiVersion: v1\nkind: Config\n');
  await at.run(FROM_PATH, { launcher: ['--kubeconfig=mine'], env: { KUBECONFIG: '/other' } });
  expect(await at.argv()).toContain(`--kubeconfig=${at.dir}/mine`);
});

describe('an expression or a filter that the suite cannot use', () => {
  const flags = { FAKE_GINKGO_FLAGS: 'focus skip label-filter timeout dry-run' };
  const suiteRan = (at: GinkgoHost) =>
    at.argv().then(
      () => true,
      () => false,
    );

  test('is refused at once when it is none of RE2 beyond doubt', async () => {
    const at = await ginkgoHost();
    const ended = await at.run([...FROM_PATH, '--focus-regex=Pods(?!Slow)']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('invalid --focus-regex "Pods(?!Slow)": RE2 has no lookahead (?!');
    expect(await suiteRan(at)).toBe(false);
  });

  test('fails the run before there is a cluster, for the reason that the suite gives in a dry run', async () => {
    const at = await ginkgoHost();
    await at.write(
      'dry-run.out',
      'Ginkgo detected configuration issues:\nSyntax Error Parsing Label Filter\n  a&&\n  Unexpected EOF.\n\n',
    );
    const ended = await at.run([...FROM_PATH, '--label-filter=a&&'], { launcher: ['--up', '--down'], env: flags });
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain(
      'the suite rejects its arguments: Syntax Error Parsing Label Filter: a&& Unexpected EOF.',
    );
    expect(await suiteRan(at)).toBe(false);
  });

  test('is left to the tests when the dry run fails for another reason', async () => {
    const at = await ginkgoHost();
    await at.write('dry-run.out', 'panic: no such host\n');
    const ended = await at.run([...FROM_PATH, '--label-filter=a'], { launcher: ['--up', '--down'], env: flags });
    expect(ended.code).toBe(0);
    expect(await at.read('e2e.argv')).toContain('--ginkgo.dry-run');
    expect(await suiteRan(at)).toBe(true);
  });
});

test('further tests of a run keep the reports of those before them', async () => {
  const at = await ginkgoHost();
  const env = { FAKE_E2E_FLAGS: 'kubeconfig report-dir report-prefix' };
  await at.write('junit_01.xml', suite(passed('one')));
  await at.run(FROM_PATH, { env, launcher: ['--up'] });
  expect((await at.argv()).some((arg) => arg.startsWith('--report-prefix'))).toBe(false);
  await at.run(FROM_PATH, { env });
  expect((await at.argv()).at(-1)).toBe('--report-prefix=2_');
  await at.run([...FROM_PATH, '--test-args=--report-prefix=own'], { env });
  expect((await at.argv()).filter((arg) => arg.startsWith('--report-prefix'))).toEqual(['--report-prefix=own']);
});

test('failed specs are told once, before a verdict that names them and the flag that runs them again', async () => {
  const at = await ginkgoHost();
  await at.write('junit_01.xml', suite(passed('one'), failed('two')));
  const { stderr } = await at.run(FROM_PATH, { env: { FAKE_GINKGO_EXIT: '1' } });
  expect(stderr.match(/expected one/g)).toHaveLength(1);
  expect(stderr.match(/specs failed: two/g)).toHaveLength(1);
  expect(stderr).toMatch(
    /expected one[\s\S]*The run failed: Test failed: 1 of 2 specs failed: two[\s\S]*To run only the failed specs.*--rerun-failed=\S*artifacts\n/,
  );
});
