import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { Boskos } from '../../src/boskos/client.ts';
import { leaseSettings } from '../../src/boskos/flags.ts';
import { BoskosRefusal, BoskosUnreachable, type Pace } from '../../src/boskos/request.ts';
import { type BoskosServer, boskosServer } from '../../src/boskos/server.ts';
import { defaults, never, QUICK, testRun } from '../helpers/lease.ts';
import { FakeBoskos } from '../helpers/servers/boskos.ts';

const serverAt = (location: string, more: Partial<BoskosServer> = {}): BoskosServer => ({
  ...boskosServer({ location, user: '', passwordFile: '', cwd: '/' }, 'me'),
  ...more,
});
const clientOf = (server: FakeBoskos, pace: Pace = QUICK) => new Boskos(serverAt(server.url), pace);
const ask = { type: 'gce-project', requestId: 'r1', patience: 5000, signal: never() };
const call = { patience: 5000, signal: never() };

test('a free resource is borrowed by one POST with everything in the query', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  const resource = await clientOf(server).acquire(ask);
  expect(resource).toMatchObject({ name: 'a', type: 'gce-project', owner: 'me', state: 'busy' });
  expect(server.calls).toEqual([
    {
      path: 'acquire',
      query: { type: 'gce-project', state: 'free', dest: 'busy', owner: 'me', request_id: 'r1' },
      authorization: undefined,
    },
  ]);
});

test('acquire waits until something is free, under the same request id', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.find('a').owner = 'other';
  const waiting = clientOf(server).acquire(ask);
  await server.called('acquire', 3);
  Object.assign(server.find('a'), { owner: '', state: 'free' });
  expect((await waiting).name).toBe('a');
  expect(new Set(server.calls.map(({ query }) => query['request_id']))).toEqual(new Set(['r1']));
});

test('who asked first is served first', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.find('a').owner = 'other';
  const first = new Boskos(serverAt(server.url, { owner: 'first' }), QUICK).acquire(ask);
  await server.called('acquire');
  const second = new Boskos(serverAt(server.url, { owner: 'second' }), QUICK).acquire({ ...ask, requestId: 'r2' });
  await server.called('acquire', 4);
  Object.assign(server.find('a'), { owner: '', state: 'free' });
  expect((await first).owner).toBe('first');
  Object.assign(server.find('a'), { owner: '', state: 'free' });
  expect((await second).owner).toBe('second');
});

test('when nothing becomes free in time, the error says for how long it waited and what state things are in', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a', 'b'] });
  Object.assign(server.find('a'), { owner: 'x', state: 'busy' });
  Object.assign(server.find('b'), { state: 'dirty' });
  await expect(clientOf(server).acquire({ ...ask, patience: 50 })).rejects.toThrow(
    /no gce-project became free .* within 50ms \(1 busy, 1 dirty\); --boskos-acquire-timeout-seconds/,
  );
});

test('a patience of 0 asks once', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.find('a').owner = 'x';
  await expect(clientOf(server).acquire({ ...ask, patience: 0 })).rejects.toThrow('within 0s');
  expect(server.count('acquire')).toBe(1);
});

test('an unknown type fails at once', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  await expect(clientOf(server).acquire({ ...ask, type: 'moon' })).rejects.toThrow('has no resources of type "moon"');
  expect(server.count('acquire')).toBe(1);
});

test.for([500, 502, 503, 429, 408])('acquire goes on after %d', async (status) => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.fail('acquire', { status }, { status }, { status });
  expect((await clientOf(server).acquire(ask)).name).toBe('a');
  expect(server.count('acquire')).toBe(4);
});

test.for([400, 401, 403, 405])('acquire ends at %d', async (status) => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.fail('acquire', { status, said: 'no way' });
  await expect(clientOf(server).acquire(ask)).rejects.toThrow(`answered acquire with ${status}: no way`);
  expect(server.count('acquire')).toBe(1);
});

test.for(['update', 'release'] as const)(
  '%s is final for 401, 404 and 409, and goes on after 503 and a cut',
  async (verb) => {
    await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
    const client = clientOf(server);
    await client.acquire(ask);
    for (const status of [401, 404, 409]) {
      server.fail(verb, { status });
      await expect(client[verb]('a', 'busy', call)).rejects.toThrow(BoskosRefusal);
    }
    expect(server.count(verb)).toBe(3);
    server.fail(verb, { status: 503 }, { drop: 'before' });
    await client[verb]('a', 'busy', call);
    expect(server.count(verb)).toBe(6);
  },
);

test('a server that never answers is given up when the patience ends', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.fail('update', { hang: true }, { hang: true }, { hang: true }, { hang: true });
  const client = clientOf(server, { ...QUICK, answer: 20 });
  await expect(client.update('a', 'busy', { patience: 30, signal: never() })).rejects.toThrow(BoskosUnreachable);
});

test('a server that is not there is named with the reason, not with "fetch failed"', async () => {
  await using server = await FakeBoskos.start({});
  const { url } = server;
  await server[Symbol.asyncDispose]();
  const gone = new Boskos(serverAt(url), QUICK).update('a', 'busy', { patience: 0, signal: never() });
  await expect(gone).rejects.toThrow(/no answer from Boskos at http:\/\/127.* ECONNREFUSED/);
});

test('what is neither a resource nor a refusal is an error that shows it', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.fail('acquire', { answer: '<html>' }, { answer: '{"name":""}' });
  await expect(clientOf(server).acquire(ask)).rejects.toThrow('not JSON');
  await expect(clientOf(server).acquire(ask)).rejects.toThrow('unexpected answer of Boskos to acquire: {"name":""}');
});

test('stopping while nothing is free throws the reason of the stop', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  server.find('a').owner = 'x';
  const stop = new AbortController();
  const waiting = clientOf(server, { ...QUICK, poll: 60_000 }).acquire({
    ...ask,
    patience: 90_000,
    signal: stop.signal,
  });
  await server.called('acquire');
  stop.abort(new Error('told to'));
  await expect(waiting).rejects.toThrow('told to');
});

test('metric and reset read what the server says', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a', 'b'] });
  await clientOf(server).acquire(ask);
  expect(await clientOf(server).metric('gce-project', call)).toEqual({
    type: 'gce-project',
    current: { busy: 1, free: 1 },
    owner: { me: 1, '': 1 },
  });
  server.fail('reset', { answer: '{"a":"me"}' });
  const query = { type: 'gce-project', state: 'busy', dest: 'dirty', expire: '30m0s' };
  expect(await clientOf(server).reset(query, call)).toEqual({ a: 'me' });
  expect(server.calls.at(-1)?.query).toEqual(query);
});

test('the path of the location stays in front of the calls', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] }, '/team/boskos');
  expect((await new Boskos(serverAt(`${server.url}/`), QUICK).acquire(ask)).name).toBe('a');
});

test('user and password go along, the password read anew each time', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  await using run = await testRun();
  await writeFile(join(run.dir, 'password'), 'one\n');
  const values = { ...defaults(), boskosLocation: server.url, boskosUser: 'bob', boskosPasswordFile: 'password' };
  const client = new Boskos(leaseSettings(values, run).server, QUICK);
  await client.acquire(ask);
  await writeFile(join(run.dir, 'password'), 'two\n');
  await client.update('a', 'busy', call);
  const sent = server.calls.map(({ authorization = '' }) => atob(authorization.replace('Basic ', '')));
  expect(sent).toEqual(['bob:one', 'bob:two']);
});

test('credentials in the URL are used and shown nowhere', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['a'] });
  const typed = boskosServer(
    { location: server.url.replace('//', '//bob:s%20cret@'), user: '', passwordFile: '', cwd: '/' },
    'me',
  );
  server.fail('acquire', { status: 403 });
  const refused = await new Boskos(typed, QUICK).acquire(ask).catch(String);
  expect(server.calls[0]?.authorization).toBe(`Basic ${btoa('bob:s cret')}`);
  expect(`${refused} ${typed.location}`).not.toMatch(/cret/);
});

test.for([
  ['ftp://boskos', {}, /http:/],
  ['boskos', {}, /http:/],
  ['http://boskos', { boskosUser: 'bob' }, /only work together/],
  ['http://boskos', { boskosPasswordFile: 'p' }, /only work together/],
  [
    'http://boskos',
    { boskosAcquireTimeoutSeconds: -1 },
    /invalid --boskos-acquire-timeout-seconds -1: must not be negative/,
  ],
  ['http://boskos', { boskosResourceType: '' }, /invalid --boskos-resource-type ""/],
] as const)('%s with %o is a usage error', async ([boskosLocation, more, says]) => {
  await using run = await testRun();
  const read = () => leaseSettings({ ...defaults(), boskosLocation, ...more }, run);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(says);
});

test('the owner names job, build and run, and a person without a job as kubetest2', async () => {
  await using run = await testRun();
  const owner = (env: Record<string, string>) =>
    leaseSettings({ ...defaults() }, { env, id: run.id, cwd: '/' }).server.owner;
  expect(owner({ JOB_NAME: 'ci-job', BUILD_ID: '42' })).toBe('ci-job-42-run-1');
  expect(owner({})).toBe('kubetest2-run-1');
});

test('the defaults are those of the original', () => {
  expect(defaults()).toMatchObject({
    boskosLocation: 'http://boskos.test-pods.svc.cluster.local.',
    boskosAcquireTimeoutSeconds: 300,
    boskosHeartbeatIntervalSeconds: 300,
    boskosResourceType: 'gce-project',
  });
});
