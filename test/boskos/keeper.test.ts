import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test as each, expect } from 'vitest';
import { acquireLease, resumeLease } from '../../src/boskos/acquire-lease.ts';
import { leaveToKeeper } from '../../src/boskos/keeper.ts';
import { logFile, orderFile, pidFile } from '../../src/boskos/keeper-order.ts';
import { writeState } from '../../src/records/state.ts';
import type { RunState } from '../../src/records/state-schema.ts';
import { waitUntil } from '../../src/system/wait.ts';
import { never, QUICK, settingsFor, type TestRun, testRun } from '../helpers/lease.ts';
import { FakeBoskos } from '../helpers/servers/boskos.ts';

const TORN_DOWN: RunState = {
  schema: 1,
  runId: 'run-1',
  deployer: 'gce',
  createdAt: '2026-01-02T03:04:05Z',
  updatedAt: '2026-01-02T03:04:05Z',
  asked: { build: false, up: false, test: '', down: 'always' },
  phase: 'finish',
  steps: [],
  facts: {},
  outputs: {},
  taken: [],
  up: false,
  tornDown: true,
  artifacts: '/a',
};
const test = each.concurrent;
const self = [process.execPath, fileURLToPath(new URL('../helpers/programs/keep-lease.ts', import.meta.url))];

/** A run whose lease a keeper holds, and what is needed to look at it. */
async function kept(server: FakeBoskos, other: { keepFor?: number; interval?: number } = {}) {
  const run = await testRun(self);
  const settings = settingsFor(run, server.url, { interval: 50, ...other });
  const lease = await acquireLease(run, settings, never(), { pace: QUICK });
  await leaveToKeeper(run, lease, settings, never());
  // Not from the file of its own, which is gone again when its time is short.
  const pid = Number(/^(\d+): Renewing the lease of /m.exec(await said(run))?.[1]);
  return { run, settings, lease, pid, [Symbol.asyncDispose]: () => end(run, pid) };
}

async function end(run: TestRun, pid: number): Promise<void> {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await run[Symbol.asyncDispose]();
}

const start = () => FakeBoskos.start({ 'gce-project': ['a'] });
const said = async (run: TestRun) => readFile(logFile(run.dir), 'utf8');
/** True while a process runs; one that ended and was not yet asked about by its parent does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout !== '' && !stdout.startsWith('Z');
}

/** Resolves when a process has ended. */
const ended = (pid: number) =>
  waitUntil(async () => (isAlive(pid) ? undefined : true), { every: 50, signal: AbortSignal.timeout(10_000) });

test('a keeper renews the lease after the run has ended', async () => {
  await using server = await start();
  await using scene = await kept(server);
  await server.called('update', server.count('update') + 3);
  expect(isAlive(scene.pid)).toBe(true);
  expect(server.find('a').state).toBe('busy');
  expect(await said(scene.run)).toMatch('Renewing the lease of a for 12h0m0s');
});

test('a later call takes over, the keeper exits, and the resource is released once', async () => {
  await using server = await start();
  await using scene = await kept(server);
  const lease = await resumeLease(scene.run, scene.settings, never(), QUICK);
  expect(existsSync(pidFile(scene.run.dir))).toBe(false);
  await lease?.release(never());
  await ended(scene.pid);
  expect(server.count('release')).toBe(1);
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
  expect(await said(scene.run)).toMatch('A later call takes over');
});

test('a keeper releases the resource when its time is up', async () => {
  await using server = await start();
  await using scene = await kept(server, { keepFor: 1500 });
  await server.called('release');
  await ended(scene.pid);
  expect(server.find('a').state).toBe('dirty');
  expect(existsSync(pidFile(scene.run.dir))).toBe(false);
});

test('a run that is torn down needs no keeper', async () => {
  await using server = await start();
  await using scene = await kept(server);
  await writeState(`${scene.run.dir}/state.json`, TORN_DOWN);
  await server.called('release');
  await ended(scene.pid);
});

test('a keeper whose run directory was removed releases the resource', async () => {
  await using server = await start();
  await using scene = await kept(server);
  await scene.run[Symbol.asyncDispose]();
  await server.called('release');
  await ended(scene.pid);
});

test('a keeper that lost the lease reports it and exits', async () => {
  await using server = await start();
  await using scene = await kept(server);
  server.find('a').owner = 'other';
  await ended(scene.pid);
  expect(await said(scene.run)).toMatch('a is no longer ours');
  expect(server.find('a').owner).toBe('other');
});

test('a keeper that is stopped leaves the resource to the next call', async () => {
  await using server = await start();
  await using scene = await kept(server);
  process.kill(scene.pid, 'SIGTERM');
  await ended(scene.pid);
  expect(server.count('release')).toBe(0);
  expect(existsSync(pidFile(scene.run.dir))).toBe(false);
});

test('a killed keeper is taken over all the same', async () => {
  await using server = await start();
  await using scene = await kept(server);
  process.kill(scene.pid, 'SIGKILL');
  const lease = await resumeLease(scene.run, scene.settings, never(), QUICK);
  await lease?.release(never());
  expect(server.find('a').state).toBe('dirty');
});

test('when no keeper comes up the lease stays with the run', async () => {
  await using server = await start();
  await using run = await testRun([process.execPath, '-e', 'process.exit(1)']);
  const settings = settingsFor(run, server.url, { interval: 50 });
  await using lease = await acquireLease(run, settings, never(), { pace: QUICK });
  const leaving = leaveToKeeper(run, lease, settings, AbortSignal.timeout(300));
  await expect(leaving).rejects.toThrow();
  expect(await readFile(orderFile(run.dir), 'utf8')).toMatch('withdrawn');
  await server.called('update', server.count('update') + 2);
});

test('without heartbeats there is no keeper, which is warned of', async () => {
  await using server = await start();
  await using run = await testRun(self);
  const settings = settingsFor(run, server.url, { interval: 0 });
  const lease = await acquireLease(run, settings, never(), { pace: QUICK });
  await leaveToKeeper(run, lease, settings, never());
  expect(run.log.lines.join()).toMatch('warn: The lease of a is no longer renewed');
  expect(existsSync(orderFile(run.dir))).toBe(false);
});

test('a lease that is lost is left to nobody', async () => {
  await using server = await start();
  await using run = await testRun(self);
  const settings = settingsFor(run, server.url, { interval: 50 });
  const lease = await acquireLease(run, settings, never(), { pace: QUICK });
  const lost = once(lease.lost, 'abort');
  server.find('a').owner = 'other';
  await lost;
  await leaveToKeeper(run, lease, settings, never());
  expect(existsSync(orderFile(run.dir))).toBe(false);
  expect(server.count('release')).toBe(0);
});
