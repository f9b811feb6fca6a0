import { describe, expect, test } from 'vitest';
import { KindHost } from '../../../helpers/kind-host.ts';

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

/** Starts the launcher, stops it once a line was recorded, and waits until it exits. */
async function stopped(host: KindHost, args: readonly string[], stop: Stop, env: Record<string, string>, line: string) {
  const { child, ended } = host.start([...args, ...HURRY, ...(stop.flag ? [stop.flag] : [])], env);
  await Promise.race([host.called(line), ended]);
  for (const signal of stop.signals ?? []) child.kill(signal);
  return await ended;
}

function expectNothingLeft(host: KindHost): void {
  expect(host.clusters()).toEqual([]);
  expect(host.exists('state/network')).toBe(false);
  expect(host.facts()['cluster-name']).toBeUndefined();
}

describe.each(['hangs', 'stubborn'])('a create that %s', (create) => {
  test.concurrent.each(STOPS)('is ended by $name, its logs are saved and its nodes deleted', async (stop) => {
    using host = new KindHost();
    const env = { FAKE_CREATE: create };
    const { code } = await stopped(host, ['--up', '--down'], stop, env, 'kind hangs');
    expect(stop.codes).toContain(code);
    const received = create === 'stubborn' ? [] : ['kind got SIGINT'];
    expect(host.calls()).toEqual([CREATE, 'kind hangs', ...received, EXPORT, DELETE]);
    expect(host.junit()).toMatch(/<testcase name="(?:Interrupted|Timeout)"/);
    expectNothingLeft(host);
  });
});

test('a create that is stopped, with --up alone, leaves nothing', async () => {
  using host = new KindHost();
  const stop = { name: 'SIGTERM', codes: [143], signals: ['SIGTERM' as const] };
  const { code } = await stopped(host, ['--up'], stop, { FAKE_CREATE: 'hangs' }, 'kind hangs');
  expect(code).toBe(143);
  expectNothingLeft(host);
});

describe.each(['fails', 'early', 'killed'])('a create with fault %s', (create) => {
  test.concurrent.each([0, 2])('is torn down although the delete fails %i times', async (failures) => {
    using host = new KindHost();
    const env = { FAKE_CREATE: create, FAKE_DELETE_FAILS: String(failures) };
    const { code } = await host.run(['--up', '--down', ...HURRY], env);
    expect(code).toBe(3);
    expect(host.calls()).toEqual([CREATE, EXPORT, ...Array(failures + 1).fill(DELETE)]);
    expectNothingLeft(host);
  });
});

test('retries a delete that exits with 0 and leaves a container', async () => {
  using host = new KindHost();
  const ended = await host.run(['--up', '--down', ...HURRY], { FAKE_DELETE: 'leaves', FAKE_DELETE_FAILS: '1' });
  expect(ended.code).toBe(0);
  expect(host.calls().filter((call) => call === DELETE)).toHaveLength(2);
  expectNothingLeft(host);
});

test('a run fails when the delete keeps failing, and its state keeps the cluster', async () => {
  using host = new KindHost();
  const ended = await host.run(['--up', '--down', ...HURRY], { FAKE_DELETE_FAILS: '99' });
  expect(ended.code).toBe(4);
  expect(host.facts()['cluster-name']).toBe('kind-r1');
  expect(host.junit()).toContain('cannot delete kind cluster &quot;kind-r1&quot;, it may still exist');
});

test('a delete that keeps failing does not hide why the create failed', async () => {
  using host = new KindHost();
  const env = { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: 'no space left on device', FAKE_DELETE_FAILS: '99' };
  const ended = await host.run(['--up', '--down', ...HURRY], env);
  expect(ended.code).toBe(3);
  expect(ended.stderr).toMatch(/The run failed: Up failed: the disk is full/);
});

test('--down-timeout stops a delete that hangs; a later --down finishes', async () => {
  using host = new KindHost();
  const ended = await host.run(['--up', '--down', '--down-timeout=1s', ...HURRY], { FAKE_DELETE: 'stubborn' });
  expect(ended.code).toBe(4);
  expect(await host.run(['--down'])).toMatchObject({ code: 0 });
  expectNothingLeft(host);
});

test('the first signal during the delete lets it finish', async () => {
  using host = new KindHost();
  const { child, ended } = host.start(['--up', '--down', ...HURRY], { FAKE_DELETE_FAILS: '1' });
  await host.called(DELETE);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130 });
  expectNothingLeft(host);
});

test('stops a log export that hangs after --cleanup-timeout, keeps its files, then tears down', async () => {
  using host = new KindHost();
  const ended = await host.run(['--up', '--down', '--cleanup-timeout=2s', ...HURRY], { FAKE_EXPORT: 'hangs' });
  expect(ended.code).toBe(0);
  expect(host.text('artifacts/logs/journal.log')).toBe('booted\n');
  expectNothingLeft(host);
});

test('warns when the log export fails', async () => {
  using host = new KindHost();
  const ended = await host.run(['--up', '--down', ...HURRY], { FAKE_EXPORT: 'fails' });
  expect(ended.code).toBe(0);
  expect(ended.stderr).toContain('Not all cluster logs were saved');
});

test('a later --down deletes the cluster of a launcher that was killed during the create', async () => {
  using host = new KindHost();
  const { child, ended } = host.start(['--up', '--down', ...HURRY], { FAKE_CREATE: 'hangs', PROW_JOB_ID: 'r1' });
  await host.called('kind hangs');
  child.kill('SIGKILL');
  await ended;
  host.killHanging();
  expect(host.clusters()).toEqual(['kind-r1']);
  expect(await host.run(['--down'])).toMatchObject({ code: 0 });
  expectNothingLeft(host);
});

test('stops a build that hangs, and tears down nothing', async () => {
  using host = new KindHost();
  const stop = { name: 'SIGINT', codes: [130], signals: ['SIGINT' as const] };
  const { code } = await stopped(host, ['--build', '--up', '--down'], stop, { FAKE_BUILD: 'hangs' }, 'kind hangs');
  expect(code).toBe(130);
  expect(host.calls()).toEqual(['kind build node-image --image kindest/node:r1', 'kind hangs', 'kind got SIGINT']);
});

test('a daemon on another host is said before the create', async () => {
  using host = new KindHost();
  const { stderr } = await host.start(['--up', '--down', '--wait=0'], { DOCKER_HOST: 'tcp://builder:2376' }).ended;
  expect(stderr).toMatch(/The Docker daemon is on builder[\s\S]*Creating cluster/);
});
