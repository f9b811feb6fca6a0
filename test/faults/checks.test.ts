import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check, type Outcome } from './checks.ts';
import { whyLeftOut } from './compile.ts';
import type { Ended } from './launch.ts';
import { modes } from './modes.ts';
import { type Played, play } from './run-point.ts';
import type { FindingKind, Scenario } from './scenario.ts';
import { GceWorld, gce } from './scenarios/gce.ts';
import { kind, kindFailing } from './scenarios/kind.ts';
import { StagingWorld, staging } from './scenarios/staging.ts';

const reason = whyLeftOut();

/** What is wrong with a run, once something was done to it. */
const kindsOf = (outcome: Outcome): FindingKind[] => check(outcome).map(({ kind: each }) => each);

const [calm] = modes;
const playCalm = (scenario: Scenario): Promise<Played> => {
  if (calm === undefined) throw new Error('there are no modes');
  return play({ scenario, mode: calm, at: 0 });
};

/** The same run, whose last call went otherwise. */
function ending(outcome: Outcome, change: Partial<Ended>, more: Partial<Outcome> = {}): Outcome {
  const last = outcome.calls.at(-1);
  if (last === undefined) throw new Error('no call was made');
  return { ...outcome, calls: [...outcome.calls.slice(0, -1), { ...last, ...change }], ...more };
}

const hit = { number: 1, hit: true, name: 'write', kinds: 'w', path: '/somewhere/.state.json.abc.tmp' };

describe.skipIf(reason !== undefined)(`a check fails${reason === undefined ? '' : ` (left out: ${reason})`}`, () => {
  let played: Played;
  let outcome: Outcome;
  beforeAll(async () => {
    played = await playCalm(kind);
    outcome = played.outcome;
  });
  afterAll(() => played[Symbol.asyncDispose]());

  /** Does something to a file of the run, looks, and puts it back. */
  function withFile(name: string, change: (text: string) => string): FindingKind[] {
    const path = join(outcome.world.sandbox.dir, name);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, change(before));
    const found = kindsOf(outcome);
    writeFileSync(path, before);
    return found;
  }

  /** Puts a file into the run, looks, and removes it. */
  function withNew(name: string, text: string): FindingKind[] {
    const path = join(outcome.world.sandbox.dir, name);
    mkdirSync(join(path, '..'), { recursive: true });
    appendFileSync(path, text);
    const found = kindsOf(outcome);
    rmSync(path);
    return found;
  }

  test('at nothing when nothing is wrong', () => {
    expect(check(outcome)).toEqual([]);
  });

  test.each<[string, string, string, FindingKind]>([
    ['a cluster that is left', 'state/clusters/kind-r1', 'id node\n', 'cluster left'],
    ['a network that is left', 'state/network', '', 'cluster left'],
    ['a draft that is left', 'rundir/r1/.state.json.abc.tmp', '', 'draft left'],
    ['a file of the cache that is another', `cache/v1/content/ab/${'ab'.repeat(32)}`, 'x', 'cache invalid'],
    ['an index of the cache that is half', `cache/v1/index/${'ab'.repeat(32)}.json`, '{"sch', 'cache invalid'],
  ])('at %s', (_title, name, text, wanted) => {
    expect(withNew(name, text)).toEqual([wanted]);
  });

  test.each<[string, string, (text: string) => string, FindingKind]>([
    ['a cluster deleted twice', 'state/deleted', (text) => text + text, 'deleted twice'],
    ['half a junit file', 'artifacts/junit_runner.xml', (text) => text.slice(0, -20), 'record invalid'],
    ['half a state', 'rundir/r1/state.json', (text) => text.slice(0, -20), 'record invalid'],
    ['metadata that is a list', 'artifacts/metadata.json', () => '[]', 'record invalid'],
    ['an event that is cut', 'artifacts/events.jsonl', (text) => text.slice(0, -5), 'record invalid'],
    ['two events in one line', 'artifacts/events.jsonl', (text) => text.replace('\n', ''), 'record invalid'],
    ['an end without its event', 'artifacts/events.jsonl', (text) => text.replace(/.*\n$/, ''), 'record incomplete'],
    [
      'a step without a row',
      'artifacts/junit_runner.xml',
      (text) => text.replace('"Up"', '"Other"'),
      'record incomplete',
    ],
    [
      'a step that is not finished',
      'artifacts/junit_runner.xml',
      (text) =>
        text.replace(
          /<testcase name="Down"[^>]*?\/?>/,
          '<testcase name="Down"><failure message="not finished"/></testcase>',
        ),
      'record incomplete',
    ],
    [
      'a passed Test that junit calls failed',
      'artifacts/junit_runner.xml',
      (text) =>
        text.replace(/<testcase name="Test"[^>]*?\/?>/, '<testcase name="Test"><failure message="no"/></testcase>'),
      'verdict false',
    ],
    [
      'another exit code',
      'rundir/r1/state.json',
      (text) => text.replace('"exitCode": 0', '"exitCode": 3'),
      'record incomplete',
    ],
    [
      'an owner of a run that is over',
      'rundir/r1/state.json',
      (text) => text.replace('{', '{"owner": {},'),
      'record incomplete',
    ],
    [
      'metadata without the run',
      'artifacts/metadata.json',
      (text) => text.replace('run-id', 'other'),
      'record incomplete',
    ],
  ])('at %s', (_title, name, change, wanted) => {
    const found = withFile(name, change);
    expect(new Set(found)).toEqual(new Set([wanted]));
  });

  test('at a process that is left', async () => {
    const { env, dir } = outcome.world.sandbox;
    const child = spawn('sleep', ['1000'], { env, cwd: dir, stdio: 'ignore' });
    expect(kindsOf(outcome)).toEqual(['process left']);
    child.kill('SIGKILL');
  });

  test.each<[string, Partial<Ended>, Partial<Outcome>, FindingKind]>([
    ['a call that never ended', { late: true }, {}, 'late'],
    ['an event loop that ran empty', { code: 13 }, {}, 'crash'],
    ['a stack for the user to read', { output: 'TypeError: x\n    at foo (/dist/launcher.cjs:1:1)\n' }, {}, 'crash'],
    ['passed tests called failed', { code: 1 }, {}, 'verdict false'],
    ['passed tests that the log calls failed', { code: 3, output: 'Test failed after 1 s' }, {}, 'verdict false'],
    ['a run called a wrong command line', { code: 2 }, {}, 'verdict false'],
    ['a timeout that was never set', { code: 124 }, {}, 'verdict false'],
    ['a cause that is not reported', { code: 3, output: 'it failed' }, { hitOperations: [hit] }, 'cause not reported'],
    [
      'a file that is not named with its reason',
      { code: 3, output: 'state.json\nno space left on device' },
      { hitOperations: [hit] },
      'path not reported',
    ],
    ['a record of another exit code', { code: 3 }, {}, 'record incomplete'],
  ])('at %s', (_title, change, more, wanted) => {
    expect(kindsOf(ending(outcome, change, more))).toContain(wanted);
  });

  test('at no cause that is reported', () => {
    const output = 'state.json cannot be written: no space left on device';
    expect(kindsOf(ending(outcome, { code: 3, output }, { hitOperations: [hit] }))).toEqual(['record incomplete']);
  });

  test('at whole records only, where they cannot be written and a run claims to have passed', () => {
    const mode = modes.find(({ name }) => name === 'enospc-on');
    if (mode === undefined) throw new Error('no such mode');
    const unwritten = (change: Partial<Ended>) => {
      const path = join(outcome.world.sandbox.dir, 'artifacts/events.jsonl');
      const before = readFileSync(path, 'utf8');
      writeFileSync(path, '');
      const found = kindsOf(ending(outcome, change, { mode, hitOperations: [hit] }));
      writeFileSync(path, before);
      return found;
    };
    const output = 'state.json: no space left on device';
    const call = { args: ['kind', '--down'], code: 0 };
    expect(unwritten({ output })).toEqual(['record incomplete']);
    expect(unwritten({ output, code: 3 })).toEqual([]);
    expect(unwritten({ output, call })).toEqual([]);
    expect(unwritten({ call })).toEqual(['record incomplete']);
  });

  test('at a cluster that is left, but where a state cannot be read and the call that needs it says so', () => {
    const mode = modes.find(({ name }) => name === 'eio-on');
    if (mode === undefined) throw new Error('no such mode');
    const left = (change: Partial<Ended>, path: string) => {
      const cluster = join(outcome.world.sandbox.dir, 'state/clusters/kind-r1');
      writeFileSync(cluster, 'id node');
      const operations = [{ ...hit, kinds: 'r', path }];
      const found = kindsOf(ending(outcome, change, { mode, hitOperations: operations }));
      rmSync(cluster);
      return found.includes('cluster left');
    };
    const call = { args: ['kind', '--down'], code: 0 };
    const refused = { call, code: 3, output: 'cannot read state.json: i/o error' };
    expect(left(refused, '/rundir/r1/state.json')).toBe(false);
    expect(left(refused, '/rundir/r1')).toBe(false);
    expect(left(refused, '/rundir/r1/kubeconfig.lock')).toBe(true);
    expect(left({ ...refused, output: '' }, '/rundir/r1/state.json')).toBe(true);
    expect(left({ ...refused, code: 0 }, '/rundir/r1/state.json')).toBe(true);
    expect(left({ code: 3, output: refused.output }, '/rundir/r1/state.json')).toBe(true);
  });

  test('at a call after a killed one that fails', () => {
    const [last] = outcome.calls;
    if (last === undefined) throw new Error('no call was made');
    const next = { ...last, code: 4 };
    expect(kindsOf({ ...outcome, next })).toContain('next call failed');
  });

  test('at failed tests whose exit code is another one', async () => {
    await using failing = await playCalm(kindFailing);
    expect(check(failing.outcome)).toEqual([]);
    for (const code of [0, 3]) expect(kindsOf(ending(failing.outcome, { code }))).toContain('verdict false');
  });

  test('at what is left in a project, and at a lease that is held or released twice', async () => {
    await using leased = await playCalm(gce);
    const { world } = leased.outcome;
    if (!(world instanceof GceWorld)) throw new Error('not the world of gce');
    expect(check(leased.outcome)).toEqual([]);
    const thing = join(world.sandbox.dir, 'state/table/disks@left');
    writeFileSync(thing, '- -');
    expect(kindsOf(leased.outcome)).toEqual(['cluster left']);
    rmSync(thing);
    await fetch(`${world.boskos.url}/release?name=leased-1&owner=x&dest=dirty`, { method: 'POST' });
    expect(kindsOf(leased.outcome)).toEqual(['released twice']);
    Object.assign(world.boskos.find('leased-1'), { state: 'busy', owner: 'the run' });
    expect(kindsOf(leased.outcome)).toContain('lease held');
    const warned = ending(leased.outcome, { output: 'Boskos still lists something as leased to the run' });
    expect(kindsOf(warned)).not.toContain('lease held');
  });

  test('at a build that is not staged as its marker says', async () => {
    await using staged = await playCalm(staging);
    const { world } = staged.outcome;
    if (!(world instanceof StagingWorld)) throw new Error('not the world of staging');
    expect(check(staged.outcome)).toEqual([]);
    const [tar] = [...world.gcs.objects.keys()].filter((name) => name.endsWith('.tar.gz'));
    const bytes = world.gcs.text(tar ?? '');
    world.gcs.put(tar ?? '', 'other bytes');
    expect(kindsOf(staged.outcome)).toEqual(['verdict false']);
    world.gcs.put(tar ?? '', bytes ?? '');
    expect(check(staged.outcome)).toEqual([]);
    world.gcs.objects.delete('ci/latest.txt');
    expect(kindsOf(staged.outcome)).toEqual(['verdict false']);
  });
});
