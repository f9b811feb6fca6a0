import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, Sandbox } from '../../../helpers/sandbox.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function idsIn(sandbox: Sandbox): string[] {
  return readdirSync(join(sandbox.dir, 'rundir')).filter((name) => name !== '.gitignore');
}

function state(sandbox: Sandbox, id: string): Record<string, unknown> {
  return JSON.parse(sandbox.read(`rundir/${id}/state.json`)) as Record<string, unknown>;
}

describe.concurrent('the run', () => {
  test('has a new UUID for an id, unless Prow or the user gives one', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--up']);
    expect(idsIn(sandbox)).toEqual([expect.stringMatching(uuid)]);
    await sandbox.run(['noop', '--up'], { PROW_JOB_ID: 'prow-1' });
    expect(idsIn(sandbox)).toContain('prow-1');
    await sandbox.run(['noop', '--up', '--run-id=mine'], { PROW_JOB_ID: 'prow-1' });
    expect(idsIn(sandbox)).toContain('mine');
  });

  test.each(['', 'a/../b', '.hidden'])('with PROW_JOB_ID=%j does not leave the run dir', async (id) => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(['noop', '--up'], { PROW_JOB_ID: id });
    if (id === '') expect(code).toBe(0);
    else {
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(id);
    }
  });

  test('makes its directory private to its owner and ignored by git', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--up', '--run-id=one']);
    expect(statSync(join(sandbox.dir, 'rundir/one')).mode & 0o777).toBe(0o700);
    expect(sandbox.read('rundir/.gitignore')).toBe('*\n');
  });

  test('sets its directories and ID for the tests, with the run directory first on PATH', async () => {
    using sandbox = new Sandbox();
    const script = 'echo "$KUBETEST2_RUN_ID|$KUBETEST2_RUN_DIR|$ARTIFACTS|${PATH%%:*}"';
    const { stdout } = await sandbox.run([
      'noop',
      '--run-id=one',
      '--test=exec',
      '--',
      'sh',
      '-c',
      script.replaceAll('$', '\\$'),
    ]);
    const dir = join(sandbox.dir, 'rundir/one');
    expect(stdout).toBe(`one|${dir}|${sandbox.artifacts}|${dir}\n`);
  });

  test.each([
    ['relative', 'here'],
    ['not there yet', 'deep/er/still'],
  ])('takes an $ARTIFACTS that is %s', async (_what, directory) => {
    using sandbox = new Sandbox();
    const { code, stdout } = await sandbox.run(['noop', '--test=exec', '--', 'sh', '-c', 'echo \\$ARTIFACTS'], {
      ARTIFACTS: directory,
    });
    expect([code, stdout]).toEqual([0, `${join(sandbox.dir, directory)}\n`]);
    expect(existsSync(join(sandbox.dir, directory, 'junit_runner.xml'))).toBe(true);
  });

  test('fails when it cannot create its directories, and names which', async () => {
    using sandbox = new Sandbox();
    for (const [words, directory, flag] of [
      [['--artifacts=/proc/x/y'], '/proc/x/y', '--artifacts'],
      [['--rundir=/proc/x'], '/proc/x', '--rundir'],
    ] as const) {
      const { code, stderr } = await sandbox.run(['noop', '--up', ...words]);
      expect(code, stderr).toBe(3);
      expect(stderr).toContain(
        `cannot write to directory ${directory}: no such file or directory; set another with ${flag}`,
      );
    }
  });

  test('takes an empty $ARTIFACTS for none', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--up'], { ARTIFACTS: '' });
    expect(existsSync(join(sandbox.dir, '_artifacts/junit_runner.xml'))).toBe(true);
  });

  test.each([
    ['artifacts', ['--artifacts=in-the-way/artifacts'], '--artifacts'],
    ['run dir', ['--rundir=in-the-way/rundir'], '--rundir'],
  ])('names the flag that sets another directory when it cannot create its %s', async (_what, words, flag) => {
    using sandbox = new Sandbox();
    writeFileSync(join(sandbox.dir, 'in-the-way'), '');
    const { code, stderr } = await sandbox.run(['noop', '--up', ...words]);
    expect(code).toBe(3);
    expect(stderr).toContain('in-the-way');
    expect(stderr).toContain(flag);
  });

  test.each([
    ['corrupt', '{"schema": 1, "runId": '],
    ['of a newer version', JSON.stringify({ schema: 99 })],
  ])('refuses a state file that is %s, and keeps it', async (_what, text) => {
    using sandbox = new Sandbox();
    mkdirSync(join(sandbox.dir, 'rundir/one'), { recursive: true });
    writeFileSync(join(sandbox.dir, 'rundir/one/state.json'), text);
    const { code, stderr } = await sandbox.run(['noop', '--up', '--run-id=one']);
    expect(code).toBe(3);
    expect(stderr).toContain('rundir/one/state.json');
    expect(sandbox.read('rundir/one/state.json')).toBe(text);
  });

  test('of another deployer is not continued', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--up', '--run-id=one']);
    const { code, stderr } = await sandbox.run(['kind', '--down', '--run-id=one']);
    expect(code).toBe(2);
    expect(stderr).toContain('made by the deployer noop');
  });

  test('is refused to a second process while the first is alive', async () => {
    using sandbox = new Sandbox();
    const words = ['noop', '--run-id=one', '--test=exec', '--', 'sleep', '60'];
    const held = sandbox.start([process.execPath, program, ...words]);
    await sandbox.until(
      () => sandbox.processes().some(({ command }) => command === 'sleep 60'),
      'the first to be at its test',
    );
    const second = await sandbox.run(['noop', '--run-id=one', '--up']);
    expect(second.code, second.stderr).toBe(2);
    expect(second.stderr).toContain(`process ${held.child.pid} is running this run`);
    held.child.kill('SIGKILL');
    for (const { pid } of sandbox.processes()) process.kill(pid, 'SIGKILL');
    await held.ended;
    const third = await sandbox.run(['noop', '--run-id=one', '--up']);
    expect(third.code, third.stderr).toBe(0);
  });

  test('appends its cases when it is done in several calls', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--run-id=one', '--up']);
    await sandbox.run(['noop', '--run-id=one', '--test=exec', '--', 'true']);
    await sandbox.run(['noop', '--run-id=one', '--down', '--metadata=extra=1']);
    const junit = sandbox.read('artifacts/junit_runner.xml');
    expect([...junit.matchAll(/testcase name="(\w+)"/g)].map(([, name]) => name)).toEqual(['Up', 'Test', 'Down']);
    expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({ extra: '1', 'job-version': '' });
    expect(state(sandbox, 'one')).toMatchObject({ tornDown: true });
  });

  test('of noop that is live is continued by a later call without an id', async () => {
    using sandbox = new Sandbox();
    await sandbox.run(['noop', '--run-id=one', '--up']);
    const { stderr } = await sandbox.run(['noop', '--test=exec', '--', 'true']);
    expect(stderr).toContain('Continuing run one');
    expect(idsIn(sandbox)).toEqual(['one']);
  });

  test('shows in status, with what can no longer be read told apart', async () => {
    using sandbox = new Sandbox();
    expect((await sandbox.run(['status'])).stdout).toContain('No runs in ');
    await sandbox.run(['noop', '--run-id=good', '--up', '--down']);
    await sandbox.run(['noop', '--run-id=bad', '--test=exec', '--', 'false']);
    mkdirSync(join(sandbox.dir, 'rundir/broken'));
    writeFileSync(join(sandbox.dir, 'rundir/broken/state.json'), '{');
    const { code, stdout, stderr } = await sandbox.run(['status']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^good +noop +passed +Down passed +\d+s +- +yes$/m);
    expect(stdout).toMatch(/^bad +noop +failed \(1\) +Test failed/m);
    expect(stderr).toContain('rundir/broken');
  });
});

describe.concurrent('hooks', () => {
  test('run around the tests with the variables of the tests', async () => {
    using sandbox = new Sandbox();
    const words = [
      '--run-id=one',
      '--pre-test-cmd=echo,before,$KUBETEST2_RUN_ID,\\$HOME',
      '--post-test-cmd="echo","after, $1"',
    ];
    const { code, stdout } = await sandbox.run(['noop', ...words, '--test=exec', '--', 'echo', 'test']);
    expect([code, stdout]).toEqual([0, 'before one $HOME\ntest\nafter, $1\n']);
  });

  test('the first failing skips the tests, the second still runs, and the exit code is 3', async () => {
    using sandbox = new Sandbox();
    const words = ['--pre-test-cmd=false', '--post-test-cmd=echo,after', '--test=exec', '--', 'echo', 'test'];
    const { code, stdout } = await sandbox.run(['noop', ...words]);
    expect([code, stdout]).toEqual([3, 'after\n']);
    const junit = sandbox.read('artifacts/junit_runner.xml');
    expect(junit).toMatch(/name="PreTestCmd"[\s\S]*<failure[\s\S]*false exited with code 1/);
    expect(junit).toMatch(/name="Test"[\s\S]*<skipped/);
  });

  test('may leave a server running for the tests, whose output is passed on and which ends with them', async () => {
    using sandbox = new Sandbox();
    sandbox.script('serve', 'mkfifo ask; (read -r line <ask; echo "asked $line"; exec sleep 1000) &\necho $! >server');
    const ask = 'echo hello >ask; kill -0 $(cat server)';
    const words = [
      '--pre-test-cmd=serve',
      '--post-test-cmd=sh,-c,kill -0 $(cat server)',
      '--test=exec',
      '--',
      'sh',
      '-c',
      ask,
    ];
    const { code, stdout, stderr } = await sandbox.run(['noop', ...words]);
    expect([code, stdout]).toEqual([0, 'asked hello\n']);
    expect(stderr).not.toContain('left processes behind');
    expect(sandbox.processes()).toEqual([]);
  });

  test('leave nothing running when the run is stopped', async () => {
    using sandbox = new Sandbox();
    sandbox.script('serve', 'sleep 1000 &\necho $! >server');
    const words = ['--pre-test-cmd=serve', '--test=exec', '--', 'sh', '-c', 'echo >ready; exec sleep 1000'];
    const launched = sandbox.start([process.execPath, program, 'noop', ...words]);
    await sandbox.until(() => sandbox.has('ready'), 'the tests');
    launched.child.kill('SIGTERM');
    expect((await launched.ended).code).toBe(143);
    expect(sandbox.processes()).toEqual([]);
  });

  test('the second failing fails a run whose tests passed', async () => {
    using sandbox = new Sandbox();
    expect((await sandbox.run(['noop', '--post-test-cmd=false', '--test=exec', '--', 'true'])).code).toBe(3);
  });
});

describe.concurrent('what a step printed', () => {
  test('is in the log as it was, and in junit without what XML forbids', async () => {
    using sandbox = new Sandbox();
    sandbox.script('noisy', "printf 'red \\033[31m\\000 \\377 end\\n'; printf 'to stderr ]]>\\n' >&2; exit 3");
    const { code, stdout, stderr } = await sandbox.run(['noop', '--test=exec', '--', 'noisy']);
    expect(code).toBe(1);
    expect(stdout).toContain('red \u001b[31m\u0000');
    expect(stderr).toContain('to stderr ]]>');
    const { readJunit } = await import('../../../../src/junit/read.ts');
    const { suites } = await readJunit(sandbox.read('artifacts/junit_runner.xml'), 'junit_runner.xml');
    const [failed] = suites[0]?.cases ?? [];
    expect(failed?.failure?.text).toContain('noisy exited with code 3');
    expect(failed?.failure?.text).toContain('to stderr ]]>');
  });

  test('keeps secrets out of the records', async () => {
    using sandbox = new Sandbox({ MY_API_TOKEN: 'hunter2-very-secret' });
    await sandbox.run(['noop', '--test=exec', '--', 'sh', '-c', 'echo $MY_API_TOKEN; exit 1']);
    for (const file of ['junit_runner.xml', 'events.jsonl', 'metadata.json']) {
      expect(sandbox.read(`artifacts/${file}`)).not.toContain('hunter2');
    }
  });
});
