import { expect, test } from 'vitest';
import { resumeLease, takeLease } from '../../src/boskos/acquire-lease.ts';
import { recallLease } from '../../src/boskos/lease-record.ts';
import { never, QUICK, settingsFor, testRun } from '../helpers/lease.ts';
import { FakeBoskos } from '../helpers/servers/boskos.ts';

const start = () => FakeBoskos.start({ 'gce-project': ['a', 'b'] });

test('the run is armed and the request written down before Boskos is asked, the name after', async () => {
  await using server = await start();
  await using run = await testRun();
  await using lease = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(run.story).toEqual(['taking a gce-project from Boskos', 'remember ', 'event acquired', 'remember a']);
  expect(recallLease(run)).toEqual({
    location: server.url,
    owner: 'ci-job-42-run-1',
    user: '',
    passwordFile: '',
    type: 'gce-project',
    name: lease.name,
  });
});

test('a release forgets the facts', async () => {
  await using server = await start();
  await using run = await testRun();
  await (await takeLease(run, settingsFor(run, server.url), never(), QUICK)).release(never());
  expect(recallLease(run)).toBeUndefined();
  expect(run.story.slice(-3)).toEqual(['event released', 'remember nothing', 'given back a gce-project from Boskos']);
});

test('a later call gives back what an earlier one of the run left', async () => {
  await using server = await start();
  await using run = await testRun();
  const earlier = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  await earlier.stop();
  const later = await resumeLease({ ...run, env: {} }, settingsFor(run, 'http://elsewhere'), never(), QUICK);
  expect(later?.name).toBe('a');
  await later?.release(never());
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
});

test('taking twice in one run goes on with the first', async () => {
  await using server = await start();
  await using run = await testRun();
  const first = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  await first.stop();
  await using again = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(again.name).toBe('a');
  expect(server.count('acquire')).toBe(1);
});

test('a lease that went to somebody else is gone, and taking asks for another', async () => {
  await using server = await start();
  await using run = await testRun();
  await (await takeLease(run, settingsFor(run, server.url), never(), QUICK)).stop();
  server.find('a').owner = 'other';
  const lost = await resumeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(lost?.gone).toBe(true);
  await using other = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(other.name).toBe('b');
  expect(server.find('a').owner).toBe('other');
});

test('a run that never had a lease has none to go on with', async () => {
  await using run = await testRun();
  expect(await resumeLease(run, settingsFor(run, 'http://127.0.0.1:9'), never(), QUICK)).toBeUndefined();
});

test('a lost answer to acquire is made good, and what it leased is told', async () => {
  await using server = await start();
  await using run = await testRun();
  server.fail('acquire', { drop: 'after' });
  await using lease = await takeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(lease.name).toBe('b');
  expect(run.log.lines.join('\n')).toMatch(/lends 1 gce-project to ci-job-42-run-1 whose name was lost/);
});

test('a resource lent while the run is being stopped goes straight back', async () => {
  await using server = await start();
  await using run = await testRun();
  const stop = new AbortController();
  server.once('call', () => stop.abort(new Error('told to')));
  await expect(takeLease(run, settingsFor(run, server.url), stop.signal, QUICK)).rejects.toThrow('told to');
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
  expect(recallLease(run)).toBeUndefined();
});

test('when nothing is free the request is forgotten here too', async () => {
  await using server = await start();
  await using run = await testRun();
  for (const name of ['a', 'b']) server.find(name).owner = 'other';
  const asking = takeLease(run, settingsFor(run, server.url, { patience: 30 }), never(), QUICK);
  await expect(asking).rejects.toThrow('no gce-project became free');
  expect(recallLease(run)).toBeUndefined();
});

test('a lease that cannot be written down is given back', async () => {
  await using server = await start();
  await using run = await testRun();
  const full = {
    ...run,
    state: {
      ...run.state,
      remember: async (facts: Readonly<Record<string, string | undefined>>) => {
        if (facts['boskosResource'] === 'a') throw new Error('disk full');
      },
    },
  };
  await expect(takeLease(full, settingsFor(run, server.url), never(), QUICK)).rejects.toThrow('disk full');
  expect(server.find('a').state).toBe('dirty');
});
