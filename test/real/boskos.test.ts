import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { acquireLease, resumeLease } from '../../src/boskos/acquire-lease.ts';
import { Boskos } from '../../src/boskos/client.ts';
import { leaveToKeeper } from '../../src/boskos/keeper.ts';
import { boskosServer } from '../../src/boskos/server.ts';
import { waitUntil } from '../../src/system/wait.ts';
import { Cloud, releases } from '../helpers/gce-project.ts';
import { never, QUICK, settingsFor, testRun } from '../helpers/lease.ts';
import { component, describeWith } from '../helpers/real/components.ts';

const CONFIG = `resources:
- {type: gce-project, state: free, names: [project-1, project-2]}
- {type: gpu-project, state: free, names: [gpu-1]}
`;

/** A real Boskos server that keeps everything in memory: started again, it has forgotten all leases. */
class Server implements AsyncDisposable {
  readonly url: string;
  readonly #words: readonly string[];
  readonly #health: string;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string, ports: readonly number[], ttl: string) {
    const [port, metrics, health, pprof] = ports;
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.#health = `http://127.0.0.1:${health}/healthz/ready`;
    this.#words = ['-in_memory', '-config', join(folder, 'boskos.yaml'), '-request-ttl', ttl, '-log-level', 'warning'];
    const named = { port, 'metrics-port': metrics, 'health-port': health, 'pprof-port': pprof };
    this.#words = [...this.#words, ...Object.entries(named).flatMap(([name, value]) => [`-${name}`, String(value)])];
  }

  static async start(ttl = '30s'): Promise<Server> {
    const folder = await mkdtemp(join(tmpdir(), 'boskos-real-'));
    await writeFile(join(folder, 'boskos.yaml'), CONFIG);
    const server = new Server(folder, await freePorts(4), ttl);
    await server.up();
    return server;
  }

  async up(): Promise<void> {
    this.#child = spawn(component('boskos'), this.#words, { stdio: 'ignore' });
    const ready = async () => ((await fetch(this.#health).catch(() => undefined))?.ok ? true : undefined);
    await waitUntil(ready, { every: 100, signal: AbortSignal.timeout(60_000) });
  }

  async down(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** A client in somebody's name. */
  as(owner: string): Boskos {
    return new Boskos(boskosServer({ location: this.url, user: '', passwordFile: '', cwd: '/' }, owner), {
      ...QUICK,
      poll: 100,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Ports nobody listens on, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

const ask = (type: string, requestId: string, patience = 5000) => ({ type, requestId, patience, signal: never() });
const call = { patience: 2000, signal: never() };

describeWith(['boskos'], 'the real Boskos server', () => {
  test('lends each type from its own resources and counts them', async () => {
    await using server = await Server.start();
    const me = server.as('me');
    expect((await me.acquire(ask('gpu-project', 'r1'))).name).toBe('gpu-1');
    expect(await me.metric('gpu-project', call)).toEqual({
      type: 'gpu-project',
      current: { busy: 1 },
      owner: { me: 1 },
    });
    expect((await me.acquire(ask('gce-project', 'r1'))).name).toMatch(/^project-[12]$/);
  });

  test('does not know a type, and that is an error at once', async () => {
    await using server = await Server.start();
    const started = performance.now();
    await expect(server.as('me').acquire(ask('moon', 'r1', 60_000))).rejects.toThrow('no resources of type "moon"');
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('serves who asked first, first', async () => {
    await using server = await Server.start();
    const { name } = await server.as('before').acquire(ask('gpu-project', 'r0'));
    const order: string[] = [];
    const wait = (owner: string) =>
      server
        .as(owner)
        .acquire(ask('gpu-project', owner, 30_000))
        .then(async () => {
          order.push(owner);
          await server.as(owner).release(name, 'free', call);
        });
    const first = wait('first');
    await new Promise((done) => setTimeout(done, 300));
    const second = wait('second');
    await new Promise((done) => setTimeout(done, 300));
    await server.as('before').release(name, 'free', call);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  test('forgets a request that was given up; the run that gave up keeps its place until then', async () => {
    await using server = await Server.start('2s');
    const { name } = await server.as('before').acquire(ask('gpu-project', 'r0'));
    await expect(server.as('me').acquire(ask('gpu-project', 'mine', 300))).rejects.toThrow('became free');
    await server.as('before').release(name, 'free', call);
    expect((await server.as('me').acquire(ask('gpu-project', 'mine', 0))).name).toBe(name);
    await server.as('me').release(name, 'free', call);
    await server.as('before').acquire(ask('gpu-project', 'r1'));
    await expect(server.as('me').acquire(ask('gpu-project', 'mine', 300))).rejects.toThrow('became free');
    await server.as('before').release(name, 'free', call);
    expect((await server.as('other').acquire(ask('gpu-project', 'theirs', 6000))).name).toBe(name);
  });

  test('refuses a stranger: 401, and a name it does not have: 404', async () => {
    await using server = await Server.start();
    const { name } = await server.as('me').acquire(ask('gpu-project', 'r1'));
    await expect(server.as('other').update(name, 'busy', call)).rejects.toMatchObject({ status: 401 });
    await expect(server.as('other').release(name, 'dirty', call)).rejects.toMatchObject({ status: 401 });
    await expect(server.as('me').update(name, 'leased', call)).rejects.toMatchObject({ status: 409 });
    await expect(server.as('me').update('nowhere', 'busy', call)).rejects.toMatchObject({ status: 404 });
  });

  test('a lease is held against a reaper by its heartbeats, and dirty when it is given back', async () => {
    await using server = await Server.start();
    await using run = await testRun();
    const lease = await acquireLease(run, settingsFor(run, server.url, { interval: 300 }), never(), { pace: QUICK });
    const reap = () =>
      server.as('reaper').reset({ type: 'gce-project', state: 'busy', dest: 'dirty', expire: '2s' }, call);
    await new Promise((done) => setTimeout(done, 4500));
    expect(await reap()).toEqual({});
    await lease.release(never());
    expect((await server.as('me').metric('gce-project', call)).current).toEqual({ free: 1, dirty: 1 });
  });

  test('without heartbeats the reaper takes it, and the next beat says so', async () => {
    await using server = await Server.start();
    await using run = await testRun();
    const lease = await acquireLease(run, settingsFor(run, server.url, { interval: 4000 }), never(), { pace: QUICK });
    await new Promise((done) => setTimeout(done, 2200));
    const reset = { type: 'gce-project', state: 'busy', dest: 'dirty', expire: '1s' };
    expect(await server.as('reaper').reset(reset, call)).toEqual({ [lease.name]: 'ci-job-42-run-1' });
    await once(lease.lost, 'abort');
    expect(String(lease.lost.reason)).toMatch(/no longer ours.*owner mismatch/);
    await lease.release(never());
  });

  test('a server that went away in mid-lease and came back without its memory has lost it', async () => {
    await using server = await Server.start();
    await using run = await testRun();
    await using lease = await acquireLease(run, settingsFor(run, server.url, { interval: 400 }), never(), {
      pace: QUICK,
    });
    await server.down();
    await waitUntil(
      async () => (run.log.lines.some((line) => line.includes('Renewing the lease of')) ? true : undefined),
      {
        every: 50,
        signal: AbortSignal.timeout(20_000),
      },
    );
    expect(lease.lost.aborted).toBe(false);
    await server.up();
    if (!lease.lost.aborted) await once(lease.lost, 'abort');
    expect(lease.gone).toBe(true);
  });

  test('a keeper holds a lease between two calls of a run', async () => {
    await using server = await Server.start();
    const self = [process.execPath, fileURLToPath(new URL('../../bin/launcher.ts', import.meta.url))];
    await using run = await testRun(self);
    const settings = settingsFor(run, server.url, { interval: 300 });
    const lease = await acquireLease(run, settings, never(), { pace: QUICK });
    await leaveToKeeper(run, lease, settings, never());
    await new Promise((done) => setTimeout(done, 2500));
    const reset = { type: 'gce-project', state: 'busy', dest: 'dirty', expire: '2s' };
    expect(await server.as('reaper').reset(reset, call)).toEqual({});
    const later = await resumeLease(run, settings, never(), QUICK);
    expect(later?.gone).toBe(false);
    await later?.release(never());
    expect((await server.as('me').metric('gce-project', call)).owner).toEqual({ '': 2 });
  });

  test('two whole runs of gce at once get a project each, a third is told what there is, and all goes back dirty', async () => {
    await using server = await Server.start();
    const releaseServer = await releases();
    const version = `--kubernetes-version=${releaseServer.url}/release/stable-1.36.txt`;
    const words = ['--up', '--down', version, '--repo-root=kubernetes-tree', '--ready-timeout=0'];
    const start = (cloud: Cloud, id: string, ...more: string[]) =>
      cloud.start(...words, `--boskos-location=${server.url}`, `--run-id=${id}`, ...more);
    using one = new Cloud();
    using two = new Cloud();
    using third = new Cloud();
    // Slow enough that both have a project at the same time.
    const tests = (cloud: Cloud) => [
      '--test=exec',
      '--',
      'sh',
      '-c',
      `until [ -e ${cloud.state}/go ]; do sleep 0.1; done`,
    ];
    const runs = [start(one, 'run-one', ...tests(one)), start(two, 'run-two', ...tests(two))];
    await Promise.all([one, two].map((cloud) => cloud.called('kube-up')));
    const refused = await start(third, 'run-three', '--boskos-acquire-timeout-seconds=1').ended;
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('no gce-project became free');
    expect(refused.stderr).toContain('(2 busy)');
    for (const cloud of [one, two]) writeFileSync(join(cloud.state, 'go'), '');
    for (const { ended } of runs) expect(await ended).toMatchObject({ code: 0 });
    releaseServer.close();
    const projects = [one, two].map((cloud) => cloud.envOf('kube-up')['PROJECT']);
    expect(new Set(projects)).toEqual(new Set(['project-1', 'project-2']));
    expect((await server.as('me').metric('gce-project', call)).current).toEqual({ dirty: 2 });
  });
});
