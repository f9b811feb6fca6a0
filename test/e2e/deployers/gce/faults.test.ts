import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { api, Cloud, NAME, RUN, releases, unstage } from '../../../helpers/gce-project.ts';
import type { Launched } from '../../../helpers/sandbox.ts';
import { FakeBoskos } from '../../../helpers/servers/boskos.ts';

// Each test is several runs of the program with some forty processes.
vi.setConfig({ testTimeout: 90_000 });

let server: Awaited<ReturnType<typeof releases>>;
beforeAll(async () => {
  server = await releases();
});
afterAll(() => server.close());

const tree = ['--repo-root=kubernetes-tree', '--ready-timeout=0', '--interrupt-grace=300ms'];
const LOGS = 'log-dump artifacts/cluster-logs';
const CLOSE = `gcloud compute firewall-rules delete --project leased-1 --quiet ${NAME}-minion-nodeports`;
const UNSTAGE = unstage('leased-1');

/** A project leased from Boskos, and the arguments that create a cluster in it. */
async function leased() {
  const boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
  const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
  return { boskos, up: ['--up', version, `--boskos-location=${boskos.url}`, ...tree] };
}

/** Expects an empty project, released once, and no processes. */
function expectNothingLeft(cloud: Cloud, boskos: FakeBoskos): void {
  expect(cloud.table).toEqual([]);
  expect(boskos.count('release')).toBe(1);
  expect(boskos.find('leased-1')).toMatchObject({ state: 'dirty', owner: '' });
  expect(cloud.sandbox.processes()).toEqual([]);
}

/** Waits until a signal was logged, and so long that the next one counts as another request. */
async function signalLogged(cloud: Cloud, { stderr }: Launched, line: string): Promise<void> {
  await cloud.sandbox.until(() => stderr().includes(line), line);
  await sleep(2200);
}

/** Kills a launcher and everything it started with SIGKILL. */
async function killAll(cloud: Cloud, ended: Promise<unknown>): Promise<void> {
  for (const { pid } of cloud.sandbox.processes()) process.kill(pid, 'SIGKILL');
  await ended;
}

describe.each([
  { how: 'hang', received: ['kube-up got SIGINT'] },
  { how: 'stubborn', received: [] },
])('a kube-up.sh that does not exit ($how)', ({ how, received }) => {
  test.each<{ signals: NodeJS.Signals[]; codes: number[] }>([
    { signals: ['SIGINT'], codes: [130] },
    { signals: ['SIGTERM'], codes: [143] },
    { signals: ['SIGHUP'], codes: [129] },
    { signals: ['SIGINT', 'SIGTERM'], codes: [130, 143] },
  ])('is stopped by $signals; its logs are saved, its instances deleted, the project released', async (stop) => {
    const { boskos, up } = await leased();
    await using _ = boskos;
    using cloud = new Cloud().plan('kube-up', how);
    const { child, ended } = cloud.start(...up, '--down');
    await cloud.called('kube-up hangs');
    for (const signal of stop.signals) child.kill(signal);
    const { code, stderr } = await ended;
    expect(stop.codes, stderr).toContain(code);
    expect(cloud.calls()).toEqual([
      'get-kube',
      'kube-up',
      'kube-up hangs',
      ...received,
      LOGS,
      'kube-down',
      CLOSE,
      UNSTAGE,
    ]);
    expect(cloud.junit()).toContain('name="Interrupted"');
    expectNothingLeft(cloud, boskos);
  });

  test.each(['--timeout', '--up-timeout'])('is stopped by %s', async (flag) => {
    const { boskos, up } = await leased();
    await using _ = boskos;
    using cloud = new Cloud().plan('kube-up', how);
    expect(await cloud.run(...up, '--down', `${flag}=4s`)).toMatchObject({ code: 124 });
    expectNothingLeft(cloud, boskos);
  });
});

test.each(['killed', 'fail no'])('tears down after a kube-up.sh that is or does: %s', async (how) => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-up', how);
  expect(await cloud.run(...up, '--down')).toMatchObject({ code: 3 });
  expect(cloud.calls()).toEqual(['get-kube', 'kube-up', LOGS, 'kube-down', CLOSE, UNSTAGE]);
  expectNothingLeft(cloud, boskos);
});

test('a run that is stopped before it has a cluster tears down none, and releases the project', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('get-kube', 'hang');
  const { child, ended } = cloud.start(...up, '--down');
  await cloud.called('get-kube hangs');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 143 });
  expect(cloud.calls()).toEqual(['get-kube', 'get-kube hangs', 'get-kube got SIGINT']);
  expectNothingLeft(cloud, boskos);
});

test('--down-timeout stops a kube-down.sh that hangs, and the project is released', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-down', 'stubborn');
  expect(await cloud.run(...up, '--down', '--down-timeout=2s')).toMatchObject({ code: 4 });
  expect(boskos.count('release')).toBe(1);
  expect(boskos.find('leased-1').state).toBe('dirty');
  expect(cloud.sandbox.processes()).toEqual([]);
});

test('in a project of --gcp-project a later --down finishes after a kube-down.sh that hung', async () => {
  using cloud = new Cloud().plan('kube-down', 'stubborn');
  const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
  const words = ['--up', '--down', version, '--gcp-project=p-1', ...tree, '--down-timeout=2s'];
  expect(await cloud.run(...words)).toMatchObject({ code: 4 });
  expect(cloud.table).not.toEqual([]);
  expect(await cloud.run('--down')).toMatchObject({ code: 0 });
  expect(cloud.table).toEqual([]);
});

test('during kube-down.sh the first signal only lets it finish, with heartbeats; the second stops it and releases the project', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-down', 'hang');
  const launched = cloud.start(...up, '--down', '--boskos-heartbeat-interval-seconds=1');
  const { child, ended } = launched;
  await cloud.called('kube-down hangs');
  child.kill('SIGINT');
  await boskos.called('update', boskos.count('update') + 2);
  await signalLogged(cloud, launched, 'continuing the cleanup');
  expect(cloud.allCalls()).not.toContain('kube-down got SIGINT');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130 });
  expect(boskos.count('release')).toBe(1);
  expect(cloud.sandbox.processes()).toEqual([]);
});

test('a third signal kills kube-down.sh and everything else at once; a later --down finishes', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-down', 'stubborn');
  const launched = cloud.start(...up, '--down', '--interrupt-grace=1m');
  const { child, ended } = launched;
  await cloud.called('kube-down hangs');
  child.kill('SIGINT');
  await signalLogged(cloud, launched, 'continuing the cleanup');
  child.kill('SIGINT');
  await signalLogged(cloud, launched, 'stopping the current cleanup step');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130 });
  expect(cloud.junit()).toContain('name="Interrupted"');
  expect(cloud.sandbox.processes()).toEqual([]);
  const { code, stderr } = await cloud.run('--down');
  expect(code, stderr).toBe(0);
  expectNothingLeft(cloud, boskos);
});

test('--down-timeout stops a gcloud that hangs in the leak check, and the project is released', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud();
  expect(await cloud.run(...up)).toMatchObject({ code: 0 });
  cloud.plan('gcloud', 'ok', 'ok', 'stubborn');
  const { code, stderr } = await cloud.run('--down', '--down-timeout=5s', '--interrupt-grace=300ms');
  expect(code, stderr).toBe(4);
  expect(cloud.calls()).toContain('gcloud hangs');
  expect(
    cloud
      .calls()
      .filter((call) => call !== 'gcloud hangs')
      .slice(-3),
  ).toEqual(['kube-down', CLOSE, UNSTAGE]);
  expect(boskos.count('release')).toBe(1);
  expect(boskos.find('leased-1').state).toBe('dirty');
  expect(cloud.sandbox.processes()).toEqual([]);
});

test('a run fails when the keeper of its lease does not start', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud();
  // A directory where the keeper writes its log.
  mkdirSync(join(cloud.sandbox.dir, 'rundir', RUN, 'boskos-keeper.log'), { recursive: true });
  const { code, stderr } = await cloud.run(...up);
  expect(code, stderr).toBe(4);
  expect(stderr).toContain('cannot start the keeper of leased-1');
  expect(boskos.find('leased-1').state).toBe('busy');
  expect(await cloud.run('--down')).toMatchObject({ code: 0 });
  expectNothingLeft(cloud, boskos);
});

test('stops a log collection that hangs after --cleanup-timeout, then tears down', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('log-dump', 'stubborn');
  const { code, stderr } = await cloud.run(...up, '--down', '--cleanup-timeout=3s', '--down-timeout=1m');
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Not all cluster logs were saved');
  expectNothingLeft(cloud, boskos);
});

test('a run that is stopped while it waits for the nodes tears down the cluster', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cluster = await api({});
  using cloud = new Cloud();
  cloud.kubeconfig(cluster.url);
  const { child, ended, stderr } = cloud.start(...up, '--down', '--ready-timeout=1m');
  await cloud.sandbox.until(() => stderr().includes('Waiting for the cluster'), 'the wait for nodes');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 143 });
  expect(cloud.calls('kube-down')).toHaveLength(1);
  expectNothingLeft(cloud, boskos);
});

test('a run that is stopped while it waits for Boskos starts nothing and holds no lease', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  Object.assign(boskos.find('leased-1'), { owner: 'another-owner', state: 'busy' });
  using cloud = new Cloud();
  const { child, ended } = cloud.start(...up, '--down');
  await boskos.called('acquire');
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130 });
  expect(cloud.allCalls()).toEqual([]);
  expect(boskos.count('release')).toBe(0);
  expect(cloud.sandbox.processes()).toEqual([]);
});

test('a run that is stopped between two attempts starts none, and leaves nothing', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-up', 'fail STOCKOUT').plan('kube-down', 'hang');
  const { child, ended } = cloud.start(...up, '--down', '--up-retries=2');
  await cloud.called('kube-down hangs');
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: 143 });
  expect(cloud.calls('kube-up')).toEqual(['kube-up']);
  expect(cloud.calls('kube-down')).toEqual(['kube-down', 'kube-down hangs', 'kube-down got SIGINT', 'kube-down']);
  expectNothingLeft(cloud, boskos);
});

test('a --down finishes after a launcher that was killed during kube-down.sh', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-down', 'hang');
  const { ended } = cloud.start(...up, '--down');
  await cloud.called('kube-down hangs');
  await killAll(cloud, ended);
  const { code, stderr } = await cloud.run('--down');
  expect(code, stderr).toBe(0);
  expectNothingLeft(cloud, boskos);
});

describe('a launcher that was killed during kube-up.sh', () => {
  test('leaves a state from which --down finishes', async () => {
    const { boskos, up } = await leased();
    await using _ = boskos;
    using cloud = new Cloud().plan('kube-up', 'hang');
    const { ended } = cloud.start(...up, '--down');
    await cloud.called('kube-up hangs');
    await killAll(cloud, ended);
    const { code, stderr } = await cloud.run('--down');
    expect(code, stderr).toBe(0);
    expect(cloud.envOf('kube-down')['PROJECT']).toBe('leased-1');
    expectNothingLeft(cloud, boskos);
  });

  test('has its leftovers deleted before the next --up, in the same project', async () => {
    const { boskos, up } = await leased();
    await using _ = boskos;
    using cloud = new Cloud().plan('kube-up', 'hang');
    const { ended } = cloud.start(...up, '--down');
    await cloud.called('kube-up hangs');
    await killAll(cloud, ended);
    const { code, stderr } = await cloud.run(...up, '--down');
    expect(code, stderr).toBe(0);
    const scripts = cloud.calls().filter((call) => /^kube-(up|down)$/.test(call));
    expect(scripts).toEqual(['kube-up', 'kube-down', 'kube-up', 'kube-down']);
    expect(boskos.count('acquire')).toBe(1);
    expectNothingLeft(cloud, boskos);
  });
});

test('a lease that is lost during kube-up.sh stops the run, and nothing in the project is touched', async () => {
  const { boskos, up } = await leased();
  await using _ = boskos;
  using cloud = new Cloud().plan('kube-up', 'hang');
  const { ended } = cloud.start(...up, '--down', '--boskos-heartbeat-interval-seconds=1');
  await cloud.called('kube-up hangs');
  Object.assign(boskos.find('leased-1'), { owner: 'another-owner' });
  const { code, stderr } = await ended;
  expect(code).toBe(3);
  expect(stderr).toContain('the lease of project leased-1 was lost');
  expect(cloud.calls()).toEqual(['get-kube', 'kube-up', 'kube-up hangs', 'kube-up got SIGINT']);
  expect(boskos.find('leased-1').owner).toBe('another-owner');
});
