import { expect, test } from 'vitest';
import { Boskos } from '../../src/boskos/client.ts';
import { Lease, type LeaseTerms } from '../../src/boskos/lease.ts';
import { boskosServer } from '../../src/boskos/server.ts';
import { type Lines, lines, never, QUICK } from '../helpers/lease.ts';
import { FakeBoskos } from '../helpers/servers/boskos.ts';

/** A lease of `a` on the server, beating every 20 ms unless the test wants it otherwise. */
async function hold(server: FakeBoskos, other: Partial<LeaseTerms> = {}): Promise<Lease & { log: Lines }> {
  const owner = boskosServer({ location: server.url, user: '', passwordFile: '', cwd: '/' }, 'me');
  const boskos = new Boskos(owner, QUICK);
  const { name, type } = await boskos.acquire({ type: 'gce-project', requestId: 'r', patience: 0, signal: never() });
  const log = lines();
  return Object.assign(new Lease({ boskos, name, type, interval: 20, onLost: 'abort', log, ...other }), { log });
}

const start = () => FakeBoskos.start({ 'gce-project': ['a'] });
const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

test('a lease beats until it is released, as dirty, and never after', async () => {
  await using server = await start();
  const lease = await hold(server);
  await server.called('update', 3);
  await lease.release(never());
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
  const last = server.calls.length;
  await new Promise((done) => setTimeout(done, 200));
  expect(server.calls.length).toBe(last);
  expect(server.calls.at(-1)?.path).toBe('release');
});

test('leaving the scope releases', async () => {
  await using server = await start();
  {
    await using lease = await hold(server);
    expect(server.find(lease.name).owner).toBe('me');
  }
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
});

test('is released to Boskos once, however often it is asked', async () => {
  await using server = await start();
  const lease = await hold(server);
  await Promise.all([lease.release(never()), lease.release(never())]);
  await lease.release(never());
  await lease[Symbol.asyncDispose]();
  expect(server.count('release')).toBe(1);
});

test('a release that failed can be asked for again', async () => {
  await using server = await start();
  const lease = await hold(server);
  server.fail('release', { status: 400 });
  await expect(lease.release(never())).rejects.toThrow('cannot release a to Boskos');
  await lease.release(never());
  expect(server.find('a').owner).toBe('');
});

test('a release whose answer was lost ends well: the repeated one finds nothing to release', async () => {
  await using server = await start();
  const lease = await hold(server);
  server.fail('release', { drop: 'after' });
  await lease.release(never());
  expect(server.count('release')).toBe(2);
  expect(lease.gone).toBe(false);
  expect(lease.log.lines.join()).not.toMatch('warn');
});

test('an interval of 0 beats never and releases all the same', async () => {
  await using server = await start();
  const lease = await hold(server, { interval: 0 });
  await new Promise((done) => setTimeout(done, 60));
  await lease.release(never());
  expect(server.calls.map(({ path }) => path)).toEqual(['acquire', 'release']);
});

test.for([401, 404])('%d to a heartbeat means lost: the signal aborts and nothing is released', async (status) => {
  await using server = await start();
  const lease = await hold(server);
  server.fail('update', { status, said: 'owner mismatch' });
  const reason = await aborted(lease.lost);
  expect(String(reason)).toMatch(/a is no longer ours: .*answered update with .*owner mismatch/);
  expect(lease.gone).toBe(true);
  await lease.release(never());
  expect(server.count('release')).toBe(0);
  expect(server.count('update')).toBe(1);
});

test('with --boskos-on-lost=warn a lost lease is said and nothing aborts', async () => {
  await using server = await start();
  const lease = await hold(server, { onLost: 'warn' });
  server.fail('update', { status: 401 });
  await expect.poll(() => lease.log.lines.join()).toMatch(/warn: a is no longer ours.*--boskos-on-lost=warn/);
  expect(lease.lost.aborted).toBe(false);
  expect(lease.gone).toBe(true);
  await lease.release(never());
});

test('a beat that fails within the error budget is a warning', async () => {
  await using server = await start();
  const lease = await hold(server, { interval: 40 });
  server.fail('update', ...Array.from({ length: 20 }, () => ({ status: 503 })));
  await server.called('update', 24);
  expect(lease.lost.aborted).toBe(false);
  expect(lease.log.lines.join()).toMatch(/warn: Renewing the lease of a failed \(.*503/);
  await lease.release(never());
});

test('409 is a warning: the resource is still ours', async () => {
  await using server = await start();
  const lease = await hold(server);
  server.fail('update', { status: 409 });
  await server.called('update', 2);
  expect(lease.lost.aborted).toBe(false);
  await lease.release(never());
  expect(lease.log.lines.join()).toMatch('409');
});

test('when the error budget is used up the lease is lost, and still given back', async () => {
  await using server = await start();
  const lease = await hold(server, { budget: 100 });
  server.fail('update', ...Array.from({ length: 1000 }, () => ({ drop: 'before' }) as const));
  expect(String(await aborted(lease.lost))).toMatch(/no renewal succeeded for/);
  expect(lease.gone).toBe(false);
  await lease.release(never());
  expect(server.find('a').state).toBe('dirty');
});

test('a release that is stopped throws the reason of the stop', async () => {
  await using server = await start();
  const lease = await hold(server);
  server.fail('release', { hang: true });
  const stop = new AbortController();
  const releasing = lease.release(stop.signal);
  await server.called('release');
  stop.abort(new Error('enough'));
  await expect(releasing).rejects.toThrow('enough');
});
