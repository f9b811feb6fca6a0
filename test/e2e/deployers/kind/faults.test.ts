import { describe, expect, test } from 'vitest';
import { Machine } from '../../../helpers/kind-machine.ts';

const CREATE = 'kind create cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig --retain';
const DELETE = 'kind delete cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig';
const EXPORT = 'kind export logs --name kind-r1 artifacts/logs';
const HURRY = ['--interrupt-grace=300ms', '--wait=0'];

type Stop = {
  readonly name: string;
  readonly codes: number[];
  readonly signals?: NodeJS.Signals[];
  readonly flag?: string;
};

const STOPS: readonly Stop[] = [
  { name: 'SIGINT', codes: [130], signals: ['SIGINT'] },
  { name: 'SIGTERM', codes: [143], signals: ['SIGTERM'] },
  { name: 'SIGHUP', codes: [129], signals: ['SIGHUP'] },
  { name: 'SIGINT and SIGTERM at once, as Prow sends them', codes: [130, 143], signals: ['SIGINT', 'SIGTERM'] },
  { name: '--timeout', codes: [124], flag: '--timeout=4s' },
  { name: '--up-timeout', codes: [124], flag: '--up-timeout=4s' },
];

/** Runs the launcher, stops it as told once a line was written, and waits for its end. */
async function stopped(
  machine: Machine,
  words: readonly string[],
  stop: Stop,
  env: Record<string, string>,
  line: string,
) {
  const { child, ended } = machine.start([...words, ...HURRY, ...(stop.flag ? [stop.flag] : [])], env);
  await Promise.race([machine.called(line), ended]);
  for (const signal of stop.signals ?? []) child.kill(signal);
  return await ended;
}

function expectNothingLeft(machine: Machine): void {
  expect(machine.clusters()).toEqual([]);
  expect(machine.exists('state/network')).toBe(false);
  expect(machine.facts()['cluster-name']).toBeUndefined();
}

describe.each(['hangs', 'stubborn'])('a create that %s', (create) => {
  test.concurrent.each(STOPS)('is ended by $name, its logs are saved and its nodes deleted', async (stop) => {
    using machine = new Machine();
    const env = { FAKE_CREATE: create };
    const { code } = await stopped(machine, ['--up', '--down'], stop, env, 'kind hangs');
    expect(stop.codes).toContain(code);
    const heard = create === 'stubborn' ? [] : ['kind got SIGINT'];
    expect(machine.calls()).toEqual([CREATE, 'kind hangs', ...heard, EXPORT, DELETE]);
    expect(machine.junit()).toMatch(/<testcase name="(?:Interrupted|Timeout)"/);
    expectNothingLeft(machine);
  });
});

test('a create that is stopped by --up alone leaves nothing either', async () => {
  using machine = new Machine();
  const stop = { name: 'SIGTERM', codes: [143], signals: ['SIGTERM' as const] };
  const { code } = await stopped(machine, ['--up'], stop, { FAKE_CREATE: 'hangs' }, 'kind hangs');
  expect(code).toBe(143);
  expectNothingLeft(machine);
});

describe.each(['fails', 'early', 'killed'])('a create that ends as %s', (create) => {
  test.concurrent.each([0, 2])('is cleaned up although the delete fails %i times', async (failures) => {
    using machine = new Machine();
    const env = { FAKE_CREATE: create, FAKE_DELETE_FAILS: String(failures) };
    const { code } = await machine.run(['--up', '--down', ...HURRY], env);
    expect(code).toBe(3);
    expect(machine.calls()).toEqual([CREATE, EXPORT, ...Array(failures + 1).fill(DELETE)]);
    expectNothingLeft(machine);
  });
});

test('a delete that passes and leaves a container is repeated', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--up', '--down', ...HURRY], { FAKE_DELETE: 'leaves', FAKE_DELETE_FAILS: '1' });
  expect(ended.code).toBe(0);
  expect(machine.calls().filter((call) => call === DELETE)).toHaveLength(2);
  expectNothingLeft(machine);
});

test('a delete that never works is what a passed run fails with, and the state still has the cluster', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--up', '--down', ...HURRY], { FAKE_DELETE_FAILS: '99' });
  expect(ended.code).toBe(4);
  expect(machine.facts()['cluster-name']).toBe('kind-r1');
  expect(machine.junit()).toContain('the kind cluster kind-r1 could not be removed and may still be there');
});

test('a delete that never works does not hide why the create failed', async () => {
  using machine = new Machine();
  const env = { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: 'no space left on device', FAKE_DELETE_FAILS: '99' };
  const ended = await machine.run(['--up', '--down', ...HURRY], env);
  expect(ended.code).toBe(3);
  expect(ended.stderr).toMatch(/The run failed: Up failed: the disk is full/);
});

test('a delete that hangs is ended by --down-timeout; a later --down makes it good', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--up', '--down', '--down-timeout=1s', ...HURRY], { FAKE_DELETE: 'stubborn' });
  expect(ended.code).toBe(4);
  expect(await machine.run(['--down'])).toMatchObject({ code: 0 });
  expectNothingLeft(machine);
});

test('a signal during the delete leaves it time to finish its work in the same call', async () => {
  using machine = new Machine();
  const { child, ended } = machine.start(['--up', '--down', ...HURRY], { FAKE_DELETE_FAILS: '1' });
  await machine.called(DELETE);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130 });
  expectNothingLeft(machine);
});

test('logs that hang are given up after --cleanup-timeout, keep what they have, and Down still happens', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--up', '--down', '--cleanup-timeout=2s', ...HURRY], { FAKE_EXPORT: 'hangs' });
  expect(ended.code).toBe(0);
  expect(machine.text('artifacts/logs/journal.log')).toBe('booted\n');
  expectNothingLeft(machine);
});

test('logs that fail are a warning', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--up', '--down', ...HURRY], { FAKE_EXPORT: 'fails' });
  expect(ended.code).toBe(0);
  expect(ended.stderr).toContain('The cluster logs could not all be saved');
});

test('what a launcher that was killed in mid-create has made is found by a later --down', async () => {
  using machine = new Machine();
  const { child, ended } = machine.start(['--up', '--down', ...HURRY], { FAKE_CREATE: 'hangs', PROW_JOB_ID: 'r1' });
  await machine.called('kind hangs');
  child.kill('SIGKILL');
  await ended;
  machine.killHanging();
  expect(machine.clusters()).toEqual(['kind-r1']);
  expect(await machine.run(['--down'])).toMatchObject({ code: 0 });
  expectNothingLeft(machine);
});

test('a build that hangs is ended, and nothing is taken down since nothing was taken', async () => {
  using machine = new Machine();
  const stop = { name: 'SIGINT', codes: [130], signals: ['SIGINT' as const] };
  const { code } = await stopped(machine, ['--build', '--up', '--down'], stop, { FAKE_BUILD: 'hangs' }, 'kind hangs');
  expect(code).toBe(130);
  expect(machine.calls()).toEqual(['kind build node-image --image kindest/node:r1', 'kind hangs', 'kind got SIGINT']);
});
