import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJunit } from '../../src/junit/read.ts';
import { component, describeWith } from '../helpers/real/components.ts';
import { type Launched, program, Sandbox } from '../helpers/sandbox.ts';

/** Nanoseconds, as Prow writes durations. */
const SECOND = 1e9;

/** A job as Prow's pod runs it: the entrypoint wraps the program and keeps the log and the marker file. */
function startJob(
  sandbox: Sandbox,
  words: readonly string[],
  limits: { timeout?: number; grace?: number } = {},
): Launched {
  const options = {
    args: [process.execPath, program, ...words],
    timeout: (limits.timeout ?? 60) * SECOND,
    grace_period: (limits.grace ?? 20) * SECOND,
    process_log: join(sandbox.dir, 'process-log.txt'),
    marker_file: join(sandbox.dir, 'marker-file.txt'),
    metadata_file: join(sandbox.artifacts, 'metadata.json'),
    artifact_dir: sandbox.artifacts,
  };
  return sandbox.start([component('entrypoint')], {
    ENTRYPOINT_OPTIONS: JSON.stringify(options),
    PROW_JOB_ID: 'prow-job',
    JOB_NAME: 'job',
    CI: 'true',
  });
}

async function rowsOf(sandbox: Sandbox): Promise<Record<string, string>> {
  const { suites } = await readJunit(sandbox.read('artifacts/junit_runner.xml'), 'junit_runner.xml');
  return Object.fromEntries(
    suites.flatMap(({ cases }) => cases.map(({ name, failure }) => [name, failure ? 'failed' : 'passed'])),
  );
}

function recordsAreComplete(sandbox: Sandbox): void {
  expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({
    'kubetest-version': expect.stringContaining('kubetest2-ts') as string,
    'deployer-version': expect.any(String) as string,
    'run-id': 'prow-job',
  });
  for (const line of sandbox.read('artifacts/events.jsonl').trim().split('\n')) JSON.parse(line);
  expect(existsSync(join(sandbox.dir, 'rundir/prow-job/state.json'))).toBe(true);
  expect(sandbox.processes()).toEqual([]);
}

describeWith(['entrypoint'], "under Prow's entrypoint", () => {
  const sleeping = (sandbox: Sandbox) => sandbox.processes().some(({ command }) => command === 'sleep 60');
  const lifecycle = ['noop', '--up', '--down', '--test=exec', '--'];

  test('a job that passes is marked with 0', async () => {
    using sandbox = new Sandbox();
    const { code } = await startJob(sandbox, [...lifecycle, 'echo', 'from the tests']).ended;
    expect(code).toBe(0);
    expect(sandbox.read('marker-file.txt')).toBe('0');
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Test: 'passed', Down: 'passed' });
    expect(sandbox.read('process-log.txt')).toContain('from the tests');
    recordsAreComplete(sandbox);
  });

  test('a job that fails is marked with 1, and its log has the line that Spyglass highlights', async () => {
    using sandbox = new Sandbox();
    await startJob(sandbox, [...lifecycle, 'false']).ended;
    expect(sandbox.read('marker-file.txt')).toBe('1');
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Test: 'failed', Down: 'passed' });
    expect(sandbox.read('process-log.txt')).toMatch(/^E\d{4} \d\d:\d\d:\d\d\.\d{6} .*Test failed/m);
    recordsAreComplete(sandbox);
  });

  test('a job that is aborted is torn down within the grace period', async () => {
    using sandbox = new Sandbox();
    const job = startJob(sandbox, [...lifecycle, 'sleep', '60']);
    await sandbox.until(() => sleeping(sandbox), 'the tests to begin');
    job.child.kill('SIGTERM');
    await job.ended;
    expect(sandbox.read('marker-file.txt')).toBe('130');
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Test: 'failed', Interrupted: 'failed', Down: 'passed' });
    recordsAreComplete(sandbox);
  });

  test('a job that runs into its timeout is torn down within the grace period', async () => {
    using sandbox = new Sandbox();
    await startJob(sandbox, [...lifecycle, 'sleep', '60'], { timeout: 5 }).ended;
    expect(sandbox.read('marker-file.txt')).toBe('127');
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Test: 'failed', Interrupted: 'failed', Down: 'passed' });
    recordsAreComplete(sandbox);
  });

  test('a job whose grace period is too short for it still leaves records that can be read', async () => {
    using sandbox = new Sandbox();
    sandbox.script('stubborn', "trap '' INT TERM\nwhile :; do sleep 1; done");
    await startJob(sandbox, [...lifecycle, 'stubborn'], { timeout: 5, grace: 1 }).ended;
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Test: 'failed' });
    expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({ 'run-id': 'prow-job' });
    expect(sandbox.read('artifacts/junit_runner.xml')).toContain('not finished');
  });
});
