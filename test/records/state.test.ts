import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { isLive, listRuns, newState, readState, writeState } from '../../src/records/state.ts';
import type { RunState } from '../../src/records/state-schema.ts';
import { outcomeOf, tempDirectory } from '../helpers/records-directory.ts';

const begun = newState({
  runId: 'r',
  deployer: 'kind',
  artifacts: '/a',
  now: new Date('2026-11-23T10:00:00Z'),
});
const full: RunState = {
  ...begun,
  owner: { pid: 12, started: '345', place: 'boot pid:[1]' },
  asked: { build: true, up: true, test: 'ginkgo', down: 'on-success' },
  phase: 'Test',
  steps: [
    { name: 'Up', result: 'passed', startedAt: '2026-11-23T10:00:01.000Z', seconds: 61.5 },
    { name: 'Test', result: 'failed', error: 'no "nodes"' },
  ],
  facts: { clusterName: 'c', __proto: 'x' },
  kubeconfig: '/r/kubeconfig',
  outputs: { KUBE_SSH_KEY: '/k' },
  taken: ['the kind cluster c'],
  up: true,
  tornDown: false,
  exitCode: 1,
};

describe('state.json', () => {
  test.each([
    ['of a run that begins', begun],
    ['of a run with everything in it', full],
  ])('%s is read back as it was written, by its owner only', async (_what, state) => {
    const file = join(tempDirectory(), 'state.json');
    writeState(file, state);
    expect(readState(file)).toEqual(state);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is undefined when there is none', async () => {
    expect(readState(join(tempDirectory(), 'state.json'))).toBeUndefined();
  });

  test.each([
    ['', 'it is empty'],
    ['{"schema":1', 'it is not JSON'],
    ['[]', 'unexpected content'],
    ['{}', 'unexpected content'],
    ['{"schema":"1"}', 'unexpected content'],
    ['{"schema":1}', 'unexpected content'],
    [JSON.stringify({ ...full, steps: [{ name: 'Up', result: 'done' }] }), 'unexpected content'],
    [JSON.stringify({ ...full, facts: { a: 1 } }), 'unexpected content'],
    [JSON.stringify({ ...full, taken: [1] }), 'unexpected content'],
    [JSON.stringify({ ...full, asked: {} }), 'unexpected content'],
    [JSON.stringify({ ...full, tornDown: 'no' }), 'unexpected content'],
  ])('that holds %j is refused, with its name and the way out', async (text, why) => {
    const file = join(tempDirectory(), 'state.json');
    writeFileSync(file, text);
    const refusal = outcomeOf(() => readState(file));
    expect(refusal).toBeInstanceOf(RunError);
    expect(refusal).toHaveProperty('message', expect.stringContaining(`${file} is damaged: ${why}; `));
    expect(refusal).toHaveProperty('message', expect.stringContaining('--run-id'));
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('of a newer version is refused as such', async () => {
    const file = join(tempDirectory(), 'state.json');
    writeFileSync(file, '{"schema":2,"whatever":true}');
    expect(() => readState(file)).toThrow(/newer kubetest2-ts \(schema 2, this version reads 1\)/);
  });

  test('that is a folder is refused', async () => {
    const file = join(tempDirectory(), 'state.json');
    mkdirSync(file);
    expect(() => readState(file)).toThrow(RunError);
  });

  test('of any JSON is a state or a RunError', async () => {
    const file = join(tempDirectory(), 'state.json');
    const keys = Object.keys(full);
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.option(fc.jsonValue(), { nil: undefined }), (key, value) => {
        writeFileSync(file, JSON.stringify({ ...full, [key]: value }));
        const state = outcomeOf(() => readState(file));
        if (!(state instanceof RunError)) expect(state).toMatchObject({ schema: 1, runId: expect.any(String) });
      }),
    );
  });
});

describe('the runs below a folder', () => {
  async function made(base: string, name: string, state: Partial<RunState>) {
    mkdirSync(join(base, name));
    writeState(join(base, name, 'state.json'), { ...begun, runId: name, ...state });
  }

  test('are listed, the oldest first, the unreadable at the end; what is no run is left out', async () => {
    const base = tempDirectory();
    await made(base, 'a', { createdAt: '2026-11-23T12:00:00.000Z' });
    await made(base, 'b', { createdAt: '2026-11-23T11:00:00.000Z' });
    mkdirSync(join(base, 'broken'));
    writeFileSync(join(base, 'broken/state.json'), '{');
    mkdirSync(join(base, 'none'));
    writeFileSync(join(base, '.gitignore'), '*\n');
    const runs = listRuns(base);
    expect(runs.map(({ dir }) => dir)).toEqual([join(base, 'b'), join(base, 'a'), join(base, 'broken')]);
    expect(runs[0]).toHaveProperty('state.runId', 'b');
    expect(runs[2]).toHaveProperty('problem', expect.stringContaining('broken/state.json is damaged: it is not JSON'));
  });

  test('are none where there is no such folder', async () => {
    expect(listRuns(join(tempDirectory(), 'none'))).toEqual([]);
  });
});

test.each<[string, Pick<RunState, 'tornDown' | 'taken' | 'up'>, boolean]>([
  ['took nothing and is not up', { taken: [], up: false, tornDown: false }, false],
  ['took something', { taken: ['a lease'], up: false, tornDown: false }, true],
  ['is up', { taken: [], up: true, tornDown: false }, true],
  ['was torn down', { taken: ['a lease'], up: true, tornDown: true }, false],
])('a run that %s', (_what, state, live) => {
  expect(isLive(state)).toBe(live);
});
