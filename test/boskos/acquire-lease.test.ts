import { expect, test } from 'vitest';
import { acquireLease, resumeLease } from '../../src/boskos/acquire-lease.ts';
import { recallLease } from '../../src/boskos/lease-record.ts';
import { never, QUICK, settingsFor, testRun } from '../helpers/lease.ts';
import { FakeBoskos } from '../helpers/servers/boskos.ts';

const start = () => FakeBoskos.start({ 'gce-project': ['a', 'b'] });

test('the run is armed and the request recorded before Boskos is asked, the name after', async () => {
  await using server = await start();
  await using run = await testRun();
  await using lease = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  expect(run.story).toEqual([
    'holding a gce-project from Boskos, leased: ',
    'holding a gce-project from Boskos, leased: a',
    'event acquired',
  ]);
  expect(recallLease(run, settingsFor(run, server.url))).toEqual({
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
  await (await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK })).release(never());
  expect(recallLease(run, settingsFor(run, server.url))).toBeUndefined();
  expect(run.story.slice(-3)).toEqual(['event released', 'remember nothing', 'released a gce-project from Boskos']);
});

test('a later call releases what an earlier one of the run left', async () => {
  await using server = await start();
  await using run = await testRun();
  const earlier = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  await earlier.stop();
  const later = await resumeLease({ ...run, env: {} }, settingsFor(run, 'http://elsewhere'), never(), QUICK);
  expect(later?.name).toBe('a');
  await later?.release(never());
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
});

test('taking twice in one run goes on with the first', async () => {
  await using server = await start();
  await using run = await testRun();
  const first = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  await first.stop();
  await using again = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  expect(again.name).toBe('a');
  expect(server.count('acquire')).toBe(1);
});

test('a lease that went to another owner is gone, and another is acquired', async () => {
  await using server = await start();
  await using run = await testRun();
  await (await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK })).stop();
  server.find('a').owner = 'other';
  const lost = await resumeLease(run, settingsFor(run, server.url), never(), QUICK);
  expect(lost?.gone).toBe(true);
  await using other = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  expect(other.name).toBe('b');
  expect(server.find('a').owner).toBe('other');
});

test('a run that never had a lease has none to go on with', async () => {
  await using run = await testRun();
  expect(await resumeLease(run, settingsFor(run, 'http://127.0.0.1:9'), never(), QUICK)).toBeUndefined();
});

test('after a lost answer to acquire another resource is acquired, with a warning', async () => {
  await using server = await start();
  await using run = await testRun();
  server.fail('acquire', { drop: 'after' });
  await using lease = await acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  expect(lease.name).toBe('b');
  expect(run.log.lines.join('\n')).toMatch(
    /leases 1 gce-project to owner "ci-job-42-run-1" whose name was never recorded/,
  );
});

test('a resource leased while the run is stopped is released', async () => {
  await using server = await start();
  await using run = await testRun();
  const stop = new AbortController();
  server.once('call', () => stop.abort(new Error('told to')));
  await expect(acquireLease(run, settingsFor(run, server.url), stop.signal, { pace: QUICK })).rejects.toThrow(
    'told to',
  );
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
  expect(recallLease(run, settingsFor(run, server.url))).toBeUndefined();
});

test('when nothing is free the request is forgotten here too', async () => {
  await using server = await start();
  await using run = await testRun();
  for (const name of ['a', 'b']) server.find(name).owner = 'other';
  const asking = acquireLease(run, settingsFor(run, server.url, { patience: 30 }), never(), { pace: QUICK });
  await expect(asking).rejects.toThrow('no gce-project became free');
  expect(recallLease(run, settingsFor(run, server.url))).toBeUndefined();
});

test('a lease that cannot be written down is given back', async () => {
  await using server = await start();
  await using run = await testRun();
  const full = {
    ...run,
    state: {
      ...run.state,
      holding: async (_what: string, facts: Readonly<Record<string, string | undefined>> = {}) => {
        if (facts['boskosResource'] === 'a') throw new Error('disk full');
      },
    },
  };
  await expect(acquireLease(full, settingsFor(run, server.url), never(), { pace: QUICK })).rejects.toThrow('disk full');
  expect(server.find('a').state).toBe('dirty');
});

test('an answer that leases to another owner is refused, and nothing is released', async () => {
  await using server = await start();
  await using run = await testRun();
  server.fail('acquire', {
    answer: JSON.stringify({ type: 'gce-project', name: 'a', state: 'busy', owner: 'other' }),
  });
  const asking = acquireLease(run, settingsFor(run, server.url), never(), { pace: QUICK });
  await expect(asking).rejects.toThrow('which is not a busy gce-project of ci-job-42-run-1; it is left alone');
  expect(server.count('release')).toBe(0);
  expect(recallLease(run, settingsFor(run, server.url))).toBeUndefined();
});

test('a resource whose name cannot be used is refused', async () => {
  await using server = await start();
  await using run = await testRun();
  const options = { pace: QUICK, isName: (name: string) => name.length > 5 };
  const asking = acquireLease(run, settingsFor(run, server.url), never(), options);
  await expect(asking).rejects.toThrow('which is no valid name');
  expect(server.count('release')).toBe(0);
});

test('a lease of which only the name was recorded is resumed and released', async () => {
  await using server = await start();
  await using run = await testRun();
  const settings = settingsFor(run, server.url);
  await (await acquireLease(run, settings, never(), { pace: QUICK })).stop();
  for (const fact of run.facts.keys()) if (fact !== 'boskosResource') run.facts.delete(fact);
  const resumed = await resumeLease(run, settings, never(), QUICK);
  await resumed?.release(never());
  expect(server.find('a')).toMatchObject({ owner: '', state: 'dirty' });
});
