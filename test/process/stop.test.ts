import { afterEach, expect, test } from 'vitest';
import { CommandError, InterruptedError } from '../../src/api/errors.ts';
import type { ExecOptions } from '../../src/api/exec.ts';
import { openWorld, runs } from '../helpers/exec.ts';

const started: string[] = [];

// A failing test leaves no processes behind either.
afterEach(() => {
  for (const pid of started.splice(0)) {
    if (runs(pid)) process.kill(Number(pid), 'SIGKILL');
  }
});

/** Starts a script, which prints `ready` and the IDs of its processes once they are set up. */
async function start(script: string, options: Partial<ExecOptions> = {}, changes = {}) {
  const world = openWorld({ settle: 500, ...changes });
  const abort = new AbortController();
  const reason = new InterruptedError('SIGTERM');
  const run = world.exec(['sh', '-c', script], { signal: abort.signal, ...options });
  // Awaited later, often after it was rejected.
  run.catch(() => undefined);
  const [, ids = ''] = await world.stdout.said(/^ready (.*)\n/m);
  const pids = ids.split(' ');
  started.push(...pids);
  return { ...world, run, pids, reason, abort: () => abort.abort(reason) };
}

const seconds = async (run: Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await run.catch(() => undefined);
  return (performance.now() - before) / 1000;
};

test('an abort sends SIGINT to the whole group, whose last output is passed on', async () => {
  const child = `sh -c 'trap "echo child INT; exit" INT; echo ready $PPID $$; while :; do sleep 0.05; done'`;
  const { run, abort, reason, pids, stdout } = await start(`trap 'echo parent INT; exit 5' INT; ${child}; sleep 100`);
  abort();
  await expect(run).rejects.toBe(reason);
  expect(stdout.text()).toContain('child INT\n');
  expect(stdout.text()).toContain('parent INT\n');
  expect(pids.filter(runs)).toEqual([]);
});

test('the thrown reason has the CommandError with the last output as its cause', async () => {
  const { run, abort, reason } = await start(
    `trap 'echo tidying; exit 5' INT; echo ready $$; while :; do sleep 0.05; done`,
  );
  abort();
  await expect(run).rejects.toBe(reason);
  expect(reason.cause).toBeInstanceOf(CommandError);
  expect(reason.cause).toMatchObject({
    message: 'sh exited with code 5',
    output: expect.stringMatching(/^ready \d+\ntidying\n$/),
  });
});

test('a reason with a cause keeps it', async () => {
  const { exec } = openWorld();
  const cause = new Error('first');
  const reason = new Error('stop', { cause });
  await expect(exec(['sleep', '100'], { signal: AbortSignal.any([abortIn(50, reason)]) })).rejects.toBe(reason);
  expect(reason.cause).toBe(cause);
});

test('a command that ignores SIGINT gets SIGTERM after the grace', async () => {
  const { run, abort, reason, events } = await start(
    `trap '' INT; trap 'exit 7' TERM; echo ready $$; while :; do sleep 0.05; done`,
  );
  abort();
  expect(await seconds(run)).toBeGreaterThan(0.29);
  await expect(run).rejects.toBe(reason);
  expect(events[0]?.[1]).toMatchObject({ exit: 7 });
});

test('a command that ignores SIGTERM too gets SIGKILL after the same time again', async () => {
  const { run, abort, events, pids } = await start(`trap '' INT TERM; echo ready $$; while :; do sleep 0.05; done`);
  abort();
  const took = await seconds(run);
  expect(took).toBeGreaterThan(0.59);
  expect(took).toBeLessThan(5);
  expect(events[0]?.[1]).toMatchObject({ signal: 'SIGKILL' });
  expect(pids.filter(runs)).toEqual([]);
});

test('a command can have a grace of its own', async () => {
  const { run, abort } = await start(
    `trap '' INT TERM; echo ready $$; while :; do sleep 0.05; done`,
    { grace: 10 },
    { grace: 60_000 },
  );
  abort();
  expect(await seconds(run)).toBeLessThan(10);
});

test('a second request sends the next signal at once, a third one SIGKILL', async () => {
  const { run, abort, hurry, hurried, stdout, events } = await start(
    `trap 'echo got INT' INT; trap 'echo got TERM' TERM; echo ready $$; while :; do sleep 0.05; done`,
    {},
    { grace: 60_000 },
  );
  abort();
  await stdout.said(/got INT/);
  hurry();
  await stdout.said(/got TERM/);
  hurry();
  await run.catch(() => undefined);
  expect(events[0]?.[1]).toMatchObject({ signal: 'SIGKILL' });
  expect(hurried.size).toBe(0);
});

test('a second request before the abort changes nothing', async () => {
  const { run, abort, hurry, stdout } = await start(
    `trap 'sleep 0.2; echo tidied; exit' INT; echo ready $$; while :; do sleep 0.05; done`,
    { grace: 20_000 },
  );
  hurry();
  abort();
  await run.catch(() => undefined);
  expect(stdout.text()).toContain('tidied');
});

test('giving up kills at once, regardless of the grace', async () => {
  const { run, abort, giveUp, stdout, events } = await start(
    `trap 'echo got INT' INT; echo ready $$; while :; do sleep 0.05; done`,
    {},
    { grace: 60_000 },
  );
  abort();
  await stdout.said(/got INT/);
  giveUp.abort();
  await run.catch(() => undefined);
  expect(events[0]?.[1]).toMatchObject({ signal: 'SIGKILL' });
});

test('after giving up only SIGKILL is sent', async () => {
  const { run, abort, stdout } = await start(
    `trap 'echo got INT' INT; echo ready $$; while :; do sleep 0.05; done`,
    {},
    { giveUp: AbortSignal.abort() },
  );
  abort();
  await run.catch(() => undefined);
  expect(stdout.text()).not.toContain('got INT');
});

test('kills a grandchild that ignores SIGTERM after its parent exited', async () => {
  const { run, abort, pids } = await start(
    `(trap '' INT TERM; sh -c 'echo ready $PPID $$; while :; do sleep 0.05; done') & wait`,
  );
  abort();
  await run.catch(() => undefined);
  expect(pids.filter(runs)).toEqual([]);
});

test('grandchildren that ignore SIGINT get SIGTERM as soon as their parent has exited, not after the grace', async () => {
  // A shell lets what it runs in the background ignore SIGINT.
  const { run, abort, pids } = await start('sleep 1000 & echo ready $$ $!; wait', {}, { grace: 60_000 });
  abort();
  expect(await seconds(run)).toBeLessThan(10);
  expect(pids.filter(runs)).toEqual([]);
});

test('waits for a grandchild that cleans up after its parent exited', async () => {
  const script = `trap "sleep 0.3; echo tidied; exit" INT; echo ready $PPID $$; while :; do sleep 0.05; done`;
  const program = `require('child_process').spawn('sh', ['-c', process.argv[1]], { stdio: 'inherit' }); process.on('SIGINT', () => process.exit(1))`;
  const { run, abort, stdout, pids } = await start(
    `exec '${process.execPath}' -e "${program}" '${script}'`,
    {},
    { grace: 20_000 },
  );
  abort();
  await run.catch(() => undefined);
  expect(pids.filter(runs)).toEqual([]);
  expect(stdout.text()).toContain('tidied\n');
});

test('a grandchild in a group of its own does not outlive SIGKILL', async () => {
  const { run, abort, pids } = await start(
    `trap '' INT TERM; setsid sh -c 'echo ready $PPID $$; sleep 1000'; while :; do sleep 0.05; done`,
  );
  abort();
  await run.catch(() => undefined);
  expect(pids.filter(runs)).toEqual([]);
});

test('stops processes left behind by a successful command, with a warning', async () => {
  const { run, pids, lines } = await start('sleep 1000 & echo ready $!');
  await expect(run).resolves.toMatchObject({ exitCode: 0 });
  expect(pids.filter(runs)).toEqual([]);
  expect(lines).toContain('warn: sh exited and left processes behind that hold its output open; stopping them');
});

test('stops processes left behind that do not hold the output', async () => {
  const { run, pids, lines } = await start('sleep 1000 >/dev/null 2>&1 & echo ready $!');
  await run;
  expect(pids.filter(runs)).toEqual([]);
  expect(lines).toContain('warn: sh exited and left processes behind; stopping them');
});

test('a process that exits soon after the command is not stopped, and its output is passed on', async () => {
  const { run, stdout, lines } = await start('(sleep 0.3; echo last) & echo ready $!');
  await run;
  expect(stdout.text()).toContain('last\n');
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('leaveBehind keeps processes running', async () => {
  const { run, pids, lines } = await start('sleep 1000 >/dev/null 2>&1 & echo ready $!', { leaveBehind: true });
  expect(await seconds(run)).toBeLessThan(2);
  expect(pids.filter(runs)).toEqual(pids);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('leaveBehind does not wait for a daemon that holds the output', async () => {
  const { run, pids } = await start('sleep 1000 & echo ready $!', { leaveBehind: true });
  expect(await seconds(run)).toBeLessThan(10);
  expect(pids.filter(runs)).toEqual(pids);
});

test('does not wait for a process outside the group that holds the output', async () => {
  const { run, pids, lines } = await start(`setsid sh -c 'echo ready $$; sleep 1000' & sleep 0.5`);
  await expect(run).resolves.toMatchObject({ exitCode: 0 });
  expect(lines).toContain(
    'warn: sh exited, but a process outside its group holds its output open; ignoring further output',
  );
  expect(pids.length).toBe(1);
});

test('stops reading from a process outside the group that keeps printing', async () => {
  const { run } = await start(`setsid sh -c 'echo ready $$; while echo flood; do :; done' & sleep 0.5`);
  expect(await seconds(run)).toBeLessThan(15);
});

test('an abort while waiting for left processes stops them and throws the reason', async () => {
  const { run, abort, reason, pids } = await start('sleep 1000 & echo ready $!', {}, { grace: 10 });
  abort();
  await expect(run).rejects.toBe(reason);
  expect(pids.filter(runs)).toEqual([]);
});

test('an abort after the exit has no effect and leaves no listeners', async () => {
  const { exec, hurried } = openWorld();
  const abort = new AbortController();
  const before = process.listenerCount('exit');
  await exec(['true'], { signal: abort.signal });
  abort.abort();
  expect(hurried.size).toBe(0);
  expect(process.listenerCount('exit')).toBe(before);
});

function abortIn(ms: number, reason: Error): AbortSignal {
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), ms);
  return abort.signal;
}
