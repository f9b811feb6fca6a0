import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sandbox } from '../../helpers/sandbox.ts';

const grid = join(import.meta.dirname, '../../helpers/programs/grid');
const env = { PATH: `${join(grid, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` };
const words = ['grid', '--run-id=one', '--interrupt-grace=100ms', '--up', '--test=steps', '--down'];

const start = (sandbox: Sandbox, more: Readonly<Record<string, string>>) =>
  sandbox.start([process.execPath, join(grid, 'grid.js'), ...words], {
    ...env,
    GRID_LOG: join(sandbox.dir, 'log'),
    GRID_TAKES: 'Up',
    ...more,
  });

describe.concurrent('a fault of the program itself', () => {
  test.each([
    ['throw', 'uncaught exception: a bug'],
    ['reject', 'unhandled rejection: a bug'],
    ['stall', 'nothing is left that this run could wait for'],
  ])('(%s) is reported, the cluster is torn down, and the exit code is 3', async (how, message) => {
    using sandbox = new Sandbox();
    const { code, stderr } = await start(sandbox, { GRID_CRASH: how }).ended;
    expect(code, stderr).toBe(3);
    expect(stderr).toContain(`This is a fault of kubetest2-ts: ${message}`);
    expect(stderr).toContain('The run failed: Test failed');
    expect(sandbox.read('log').match(/^Down begins$/gm)).toHaveLength(1);
    expect(sandbox.read('artifacts/junit_runner.xml')).not.toContain('not finished');
    expect(JSON.parse(sandbox.read('rundir/one/state.json'))).toMatchObject({ tornDown: true, exitCode: 3 });
  });
});

test('SIGUSR1 prints what the run waits for and goes on', async () => {
  using sandbox = new Sandbox();
  const run = start(sandbox, { GRID: 'Test=hang' });
  await sandbox.until(() => sandbox.has('log') && sandbox.read('log').includes('Test begins'), 'Test to begin');
  run.child.kill('SIGUSR1');
  await sandbox.until(() => run.stderr().includes('grid-step Test'), 'the report');
  expect(run.stderr()).toMatch(
    /Waiting for:\n.*step Test, running for \d+s\n.*process \d+, running for \d+s: grid-step Test/,
  );
  expect(run.child.exitCode).toBeNull();
  run.child.kill('SIGQUIT');
  const { code, stderr } = await run.ended;
  expect(code, stderr).toBe(131);
  expect(sandbox.processes()).toEqual([]);
});

test.each(['SIGUSR2', 'SIGALRM', 'SIGPWR', 'SIGXCPU'] as const)('%s is a request to stop', async (signal) => {
  using sandbox = new Sandbox();
  const run = start(sandbox, { GRID: 'Test=hang' });
  await sandbox.until(() => sandbox.has('log') && sandbox.read('log').includes('Test begins'), 'Test to begin');
  run.child.kill(signal);
  const { code, stderr } = await run.ended;
  expect(code, stderr).toBeGreaterThan(128);
  expect(sandbox.read('log').match(/^Down begins$/gm)).toHaveLength(1);
});
