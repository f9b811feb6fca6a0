import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readJunit } from '../../../src/junit/read.ts';
import {
  type Case,
  expected,
  type Flags,
  type Step,
  type Stop,
  steps,
  stops,
  takesPlace,
} from '../../helpers/lifecycle-oracle.ts';
import { type Launched, Sandbox } from '../../helpers/sandbox.ts';

const fakes = join(dirname(fileURLToPath(import.meta.url)), '../../helpers/programs/grid');

const everything: Flags = { build: true, up: true, test: true, hooks: true, down: 'always' };
const combinations: readonly Flags[] = [
  everything,
  { up: true, test: true, down: 'always' },
  { up: true, test: true, down: 'on-success' },
  { up: true, test: true, down: 'never' },
  { up: true, test: true },
  { up: true, hooks: true, down: 'always' },
  { up: true },
  { test: true },
  { down: 'always' },
  { build: true, down: 'always' },
];

const stepsOf = (flags: Flags): Step[] => steps.filter((step) => takesPlace(step, flags));

const failing: Case[] = combinations.flatMap((flags) => [
  { flags, takes: 'Up' as const },
  ...stepsOf(flags).flatMap((step) =>
    // However a step's program ends, its step fails; one combination shows it.
    (flags === everything ? (['fail', 'kill'] as const) : (['fail'] as const)).map((how) => ({
      flags,
      fault: { step, how },
      takes: 'Up' as const,
    })),
  ),
]);
const takingEarly: Case[] = (['init', 'Build'] as const).flatMap((takes) =>
  (['init', 'Build', 'Up'] as const).map((step) => ({
    flags: everything,
    fault: { step, how: 'fail' as const },
    takes,
  })),
);
const stopped: Case[] = [everything, { up: true, test: true } as Flags].flatMap((flags) =>
  stepsOf(flags).flatMap((step) =>
    stops
      .filter((stop) => canStop(stop, step, flags))
      // Without Down a passed run saves no logs.
      .filter(() => step !== 'logs' || flags.down !== undefined)
      .map((stop) => ({ flags, fault: { step, how: 'hang' as const }, stop, takes: 'Up' as const })),
  ),
);

describe.concurrent('each step of the run', () => {
  test.each(failing.map(titled))('%s', async (_title, each) => await check(each));
});

describe.concurrent('something taken before Up is taken down', () => {
  test.each(takingEarly.map(titled))('%s', async (_title, each) => await check(each));
});

describe.concurrent('a run that is stopped', () => {
  test.each(stopped.map(titled))('%s', async (_title, each) => await check(each));
});

describe.concurrent('a run that is killed', () => {
  const killed = stepsOf({ up: true, test: true, down: 'always' }).map((step) => [step] as const);

  test.each(killed)('at %s is finished by the next call of the same run id', async (step) => {
    using sandbox = new Sandbox(gridEnv());
    const log = join(sandbox.dir, 'log');
    const words = ['--run-id=one', '--up', '--test=steps', '--down'];
    const first = start(sandbox, words, { GRID_LOG: log, GRID: `${step}=hang`, GRID_TAKES: 'Up' });
    await sandbox.until(() => callsIn(log).includes(step), `${step} to begin`);
    first.child.kill('SIGKILL');
    await gone(first);
    expect(await rowsOf(sandbox)).toBeDefined();

    const second = await start(sandbox, ['--run-id=one', '--down'], { GRID_LOG: log, GRID_TAKES: 'Up' }).ended;
    expect(second.code, second.stderr).toBe(0);
    const calls = callsIn(log);
    expect(calls.slice(calls.indexOf(step) + 1)).toEqual(['init', 'logs', 'Down', 'finish']);
    expect(stateOf(sandbox, 'one')).toMatchObject({ tornDown: true, exitCode: 0 });
    expect(sandbox.processes()).toEqual([]);
  });

  test('owes its Down, which the next Up pays first', async () => {
    using sandbox = new Sandbox(gridEnv());
    const log = join(sandbox.dir, 'log');
    const words = ['--run-id=one', '--up', '--test=steps', '--down'];
    const first = start(sandbox, words, { GRID_LOG: log, GRID: 'Test=hang', GRID_TAKES: 'Up' });
    await sandbox.until(() => callsIn(log).includes('Test'), 'Test to begin');
    first.child.kill('SIGKILL');
    await gone(first);
    const second = await start(sandbox, words, { GRID_LOG: log, GRID_TAKES: 'Up' }).ended;
    expect(second.code, second.stderr).toBe(0);
    expect(callsIn(log).slice(3)).toEqual(['init', 'Down', 'Up', 'Test', 'afterTest', 'logs', 'Down', 'finish']);
  });

  test('owes its Down, which a call that asks for nothing of the kind pays at its end', async () => {
    using sandbox = new Sandbox(gridEnv());
    const log = join(sandbox.dir, 'log');
    const first = start(sandbox, ['--run-id=one', '--up', '--down'], {
      GRID_LOG: log,
      GRID: 'Up=hang',
      GRID_TAKES: 'Up',
    });
    await sandbox.until(() => callsIn(log).includes('Up'), 'Up to begin');
    first.child.kill('SIGKILL');
    await gone(first);
    const second = await start(sandbox, ['--run-id=one', '--test=steps'], { GRID_LOG: log }).ended;
    expect(second.code, second.stderr).toBe(0);
    expect(callsIn(log).slice(2)).toEqual(['init', 'Test', 'afterTest', 'logs', 'Down', 'finish']);
  });
});

describe.concurrent('a later call without a run id', () => {
  const up = (sandbox: Sandbox, id: string) =>
    start(sandbox, [`--run-id=${id}`, '--up'], { GRID_LOG: 'log', GRID_TAKES: 'Up' }).ended;
  const down = (sandbox: Sandbox) => start(sandbox, ['--down'], { GRID_LOG: 'log' }).ended;

  test('takes down the one live run, with what the earlier call remembered', async () => {
    using sandbox = new Sandbox(gridEnv());
    const first = await up(sandbox, 'one');
    expect(first.stderr).toContain('--down --run-id=one');
    const second = await down(sandbox);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).toContain('Continuing run one');
    expect(callsIn(join(sandbox.dir, 'log'))).toEqual(['init', 'Up', 'finish', 'init', 'logs', 'Down', 'finish']);
    expect(await rowsOf(sandbox)).toEqual({ Up: 'passed', Down: 'passed' });
    expect(stateOf(sandbox, 'one')).toMatchObject({ tornDown: true });
  });

  test('refuses to guess between several, and lists them', async () => {
    using sandbox = new Sandbox(gridEnv());
    await up(sandbox, 'one');
    await up(sandbox, 'two');
    const { code, stderr } = await down(sandbox);
    expect(code).toBe(2);
    expect(stderr).toMatch(/one +begun[\s\S]*two +begun/);
    expect(callsIn(join(sandbox.dir, 'log'))).not.toContain('Down');
  });
});

test('a third request gives everything up, after the records', async () => {
  using sandbox = new Sandbox(gridEnv());
  const log = join(sandbox.dir, 'log');
  const words = ['--run-id=one', '--up', '--test=steps', '--down', '--interrupt-grace=1m'];
  const run = start(sandbox, words, {
    GRID_LOG: log,
    GRID: 'Test=stubborn logs=stubborn Down=stubborn',
    GRID_TAKES: 'Up',
  });
  await sandbox.until(() => callsIn(log).includes('Test'), 'Test to begin');
  for (const wait of [2100, 2100, 0]) {
    run.child.kill('SIGINT');
    await sleep(wait);
  }
  const { code, stderr } = await run.ended;
  expect(code, stderr).toBe(130);
  expect(await rowsOf(sandbox)).toMatchObject({ Up: 'passed', Test: 'failed', Interrupted: 'failed' });
  expect(stateOf(sandbox, 'one')).toMatchObject({ tornDown: false, exitCode: 130 });
  const events = sandbox
    .read('artifacts/events.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.filter(({ event }) => event === 'signal').map(({ request }) => request)).toEqual([1, 2, 3]);
  expect(sandbox.processes()).toEqual([]);
});

describe.concurrent('a tester that prepares itself', () => {
  const prepares = { GRID_LOG: 'log', GRID_TAKES: 'Up' };

  test('does so beside Build and Up', async () => {
    using sandbox = new Sandbox(gridEnv());
    const env = { ...prepares, GRID_PREPARES: 'early', GRID: '' };
    const { code } = await start(sandbox, ['--up', '--test=steps'], env).ended;
    expect(code).toBe(0);
    expect(new Set(callsIn(join(sandbox.dir, 'log')).slice(0, 3))).toEqual(new Set(['init', 'prepare', 'Up']));
  });

  test('and cannot, stops Up at once', async () => {
    using sandbox = new Sandbox(gridEnv());
    const env = { ...prepares, GRID_PREPARES: 'early', GRID: 'prepare=fail-during-Up Up=hang' };
    const { code, stderr } = await start(sandbox, ['--up', '--test=steps', '--down'], env).ended;
    expect(code, stderr).toBe(3);
    expect(stderr).toContain('Prepare failed');
    expect(await rowsOf(sandbox)).toMatchObject({ Prepare: 'failed', Up: 'failed', Down: 'passed' });
    expect(callsIn(join(sandbox.dir, 'log'))).not.toContain('Test');
    expect(sandbox.processes()).toEqual([]);
  });

  test('and cannot, stops what comes before Build too, which has no row for that', async () => {
    using sandbox = new Sandbox(gridEnv());
    const env = { ...prepares, GRID_PREPARES: 'early', GRID: 'prepare=fail-during-init init=hang' };
    const { code, stderr } = await start(sandbox, ['--up', '--test=steps', '--down'], env).ended;
    expect(code, stderr).toBe(3);
    const rows = await rowsOf(sandbox);
    expect(rows).toMatchObject({ Prepare: 'failed' });
    expect(rows).not.toHaveProperty('Init');
    expect(callsIn(join(sandbox.dir, 'log'))).not.toContain('Up');
  });

  test('is stopped when Up fails, and that is no failure of its own', async () => {
    using sandbox = new Sandbox(gridEnv());
    const env = { ...prepares, GRID_PREPARES: 'early', GRID: 'prepare=hang Up=fail' };
    const { code, stderr } = await start(sandbox, ['--up', '--test=steps', '--down'], env).ended;
    expect(code, stderr).toBe(3);
    expect(await rowsOf(sandbox)).toEqual({ Up: 'failed', Down: 'passed' });
    expect(sandbox.processes()).toEqual([]);
  });

  test('from what Build makes waits for it', async () => {
    using sandbox = new Sandbox(gridEnv());
    const env = { ...prepares, GRID_PREPARES: 'late', GRID: '' };
    const { code } = await start(sandbox, ['--build', '--test=steps'], env).ended;
    expect(code).toBe(0);
    expect(callsIn(join(sandbox.dir, 'log')).slice(0, 3)).toEqual(['init', 'Build', 'prepare']);
  });
});

test('the grid only grows', () => {
  expect(failing.length + takingEarly.length + stopped.length).toBeGreaterThanOrEqual(159);
});

function gridEnv(): Record<string, string> {
  return { PATH: `${join(fakes, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` };
}

function titled(each: Case): readonly [string, Case] {
  const { flags, fault, stop, takes } = each;
  const words = flagWords(flags).join(' ') || 'no flags';
  const what = fault
    ? `${fault.step} ${{ fail: 'fails', kill: 'is killed', hang: 'hangs' }[fault.how]}`
    : 'all goes well';
  const how = stop === undefined ? '' : `, ${stop === 'both' ? 'SIGINT and SIGTERM at once' : stop}`;
  return [`${words}: ${what}${how}${takes === 'Up' || !takes ? '' : `, taken in ${takes}`}`, each];
}

function flagWords({ build, up, test: tests, hooks, down }: Flags): string[] {
  return [
    ...(build ? ['--build'] : []),
    ...(up ? ['--up'] : []),
    ...(tests ? ['--test=steps'] : []),
    ...(hooks ? ['--pre-test-cmd=grid-step,PreTestCmd', '--post-test-cmd=grid-step,PostTestCmd'] : []),
    ...(down === undefined ? [] : [down === 'always' ? '--down' : `--down=${down}`]),
  ];
}

async function check(each: Case): Promise<void> {
  const { flags, fault, stop, takes = '' } = each;
  using sandbox = new Sandbox(gridEnv());
  const log = join(sandbox.dir, 'log');
  const limits = fault ? limitWords(fault.step, stop) : [];
  const words = ['--run-id=one', '--interrupt-grace=5s', ...flagWords(flags), ...limits];
  const env = { GRID_LOG: log, GRID_TAKES: takes, GRID: fault ? `${fault.step}=${fault.how}` : '' };
  const run = start(sandbox, words, env);
  if (stop !== undefined && fault) await stopIt(run, sandbox, log, fault.step, stop);
  const { code, stderr } = await run.ended;

  const wanted = expected(each);
  expect(callsIn(log), stderr).toEqual(wanted.calls);
  // Of two signals at once either may be seen first.
  if (stop === 'both') expect([130, 143], stderr).toContain(code);
  else expect(code, stderr).toBe(wanted.code);
  expect(await rowsOf(sandbox)).toEqual(wanted.rows);
  expect(callsIn(log).filter((call) => call === 'Down').length).toBeLessThanOrEqual(1);
  expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({ 'run-id': 'one' });
  const downPassed = wanted.rows['Down'] === 'passed';
  expect(stateOf(sandbox, 'one')).toMatchObject({ tornDown: downPassed, exitCode: code });
  expect(sandbox.processes()).toEqual([]);
}

/** Which stops there are to see: the first request leaves the cleanup alone, and not every step has a limit of its own. */
function canStop(stop: Stop, step: Step, flags: Flags): boolean {
  if (stop === 'limit') return ['Build', 'Up', 'Test', 'logs', 'Down', 'finish'].includes(step);
  // The limit of the whole starts with the first step: with few steps before, it is sure to end the one that hangs.
  if (stop === 'timeout') return !flags.build && !inCleanup(step);
  return stop === 'second' || !inCleanup(step);
}

function inCleanup(step: Step | undefined): boolean {
  return step === 'logs' || step === 'Down' || step === 'finish';
}

function limitWords(step: Step, stop: Stop | undefined): string[] {
  if (stop === 'timeout') return ['--timeout=4s'];
  if (stop !== 'limit') return [];
  return inCleanup(step) ? ['--cleanup-timeout=3s'] : [`--${step.toLowerCase()}-timeout=700ms`];
}

async function stopIt(run: Launched, sandbox: Sandbox, log: string, step: Step, stop: Case['stop']): Promise<void> {
  await sandbox.until(() => callsIn(log).includes(step), `${step} to begin`);
  if (stop === 'timeout' || stop === 'limit') return;
  if (stop === 'both') {
    run.child.kill('SIGINT');
    run.child.kill('SIGTERM');
    return;
  }
  run.child.kill(stop === 'second' ? 'SIGINT' : stop);
  if (stop !== 'second' || !inCleanup(step)) return;
  // Only a request of its own, later than the two seconds in which signals are one, is the second.
  await sandbox.until(() => run.stderr().includes('Received SIGINT'), 'the first request to be heard');
  await sleep(2100);
  run.child.kill('SIGINT');
}

function start(sandbox: Sandbox, words: readonly string[], env: Readonly<Record<string, string>>): Launched {
  return sandbox.start([process.execPath, join(fakes, 'grid.js'), 'grid', ...words], env);
}

/** Waits until the launcher itself is gone; what it started goes on. */
async function gone({ child }: Launched): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function callsIn(log: string): string[] {
  if (!existsSync(log)) return [];
  return readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => (line.endsWith(' begins') ? [line.slice(0, -' begins'.length)] : []));
}

async function rowsOf(sandbox: Sandbox): Promise<Record<string, string>> {
  const { suites } = await readJunit(sandbox.read('artifacts/junit_runner.xml'), 'junit_runner.xml');
  return Object.fromEntries(
    suites.flatMap(({ cases }) =>
      cases.map(({ name, failure, skipped }) => [
        name,
        failure ? 'failed' : skipped === undefined ? 'passed' : 'skipped',
      ]),
    ),
  );
}

function stateOf(sandbox: Sandbox, id: string): unknown {
  return JSON.parse(sandbox.read(`rundir/${id}/state.json`));
}
