import { afterEach, expect, test } from 'vitest';
import { CommandError, InterruptedError } from '../../src/api/errors.ts';
import type { ExecOptions } from '../../src/api/exec.ts';
import { openWorld, runs } from '../helpers/exec.ts';

const started: string[] = [];

// A failing test leaves nothing behind either.
afterEach(() => {
  for (const pid of started.splice(0)) {
    if (runs(pid)) process.kill(Number(pid), 'SIGKILL');
  }
});

/** Starts a script, which says `ready` and the ids of its processes once they are as they should be. */
async function start(script: string, options: Partial<ExecOptions> = {}, changes = {}) {
  const world = openWorld({ settle: 500, ...changes });
  const abort = new AbortController();
  const reason = new InterruptedError('SIGTERM');
  const run = world.exec(['sh', '-c', script], { signal: abort.signal, ...options });
  // Looked at later, and often after it was rejected.
  run.catch(() => undefined);
  const [, words = ''] = await world.stdout.said(/^ready (.*)\n/m);
  const pids = words.split(' ');
  started.push(...pids);
  return { ...world, run, pids, reason, abort: () => abort.abort(reason) };
}

const seconds = async (run: Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await run.catch(() => undefined);
  return (performance.now() - before) / 1000;
};

test('an abort sends SIGINT to the whole family, whose last words are passed on', async () => {
  const child = `sh -c 'trap "echo child INT; exit" INT; echo ready $PPID $$; while :; do sleep 0.05; done'`;
  const { run, abort, reason, pids, stdout } = await start(`trap 'echo parent INT; exit 5' INT; ${child}; sleep 100`);
  abort();
  await expect(run).rejects.toBe(reason);
  expect(stdout.text()).toContain('child INT\n');
  expect(stdout.text()).toContain('parent INT\n');
  expect(pids.filter(runs)).toEqual([]);
});

test('the reason that is thrown has the CommandError with the last output as its cause', async () => {
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

test('a reason that has a cause keeps it', async () => {
  const { exec } = openWorld();
  const cause = new Error('first');
  const reason = new Error('stop', { cause });
  await expect(exec(['sleep', '100'], { signal: AbortSignal.any([abortIn(50, reason)]) })).rejects.toBe(reason);
  expect(reason.cause).toBe(cause);
});

test('what ignores SIGINT gets SIGTERM after the grace', async () => {
  const { run, abort, reason, events } = await start(
    `trap '' INT; trap 'exit 7' TERM; echo ready $$; while :; do sleep 0.05; done`,
  );
  abort();
  expect(await seconds(run)).toBeGreaterThan(0.29);
  await expect(run).rejects.toBe(reason);
  expect(events[0]?.[1]).toMatchObject({ exit: 7 });
});

test('what ignores SIGTERM too gets SIGKILL after the same time again', async () => {
  const { run, abort, events, pids } = await start(`trap '' INT TERM; echo ready $$; while :; do sleep 0.05; done`);
  abort();
  const took = await seconds(run);
  expect(took).toBeGreaterThan(0.59);
  expect(took).toBeLessThan(5);
  expect(events[0]?.[1]).toMatchObject({ signal: 'SIGKILL' });
  expect(pids.filter(runs)).toEqual([]);
});

test('a command may have a grace of its own', async () => {
  const { run, abort } = await start(
    `trap '' INT TERM; echo ready $$; while :; do sleep 0.05; done`,
    { grace: 10 },
    { grace: 60_000 },
  );
  abort();
  expect(await seconds(run)).toBeLessThan(10);
});

test('a second request takes the next step at once, and one more the last', async () => {
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

test('giving up kills at once, however patient the grace is', async () => {
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

test('a world that was given up sends nothing but SIGKILL', async () => {
  const { run, abort, stdout } = await start(
    `trap 'echo got INT' INT; echo ready $$; while :; do sleep 0.05; done`,
    {},
    { giveUp: AbortSignal.abort() },
  );
  abort();
  await run.catch(() => undefined);
  expect(stdout.text()).not.toContain('got INT');
});

test('a grandchild that ignores SIGTERM is killed, though its parent ended long before', async () => {
  const { run, abort, pids } = await start(
    `(trap '' INT TERM; sh -c 'echo ready $PPID $$; while :; do sleep 0.05; done') & wait`,
  );
  abort();
  await run.catch(() => undefined);
  expect(pids.filter(runs)).toEqual([]);
});

test('grandchildren that ignore SIGINT get SIGTERM as soon as their parent is gone, not after the grace', async () => {
  // A shell lets what it runs in the background ignore SIGINT.
  const { run, abort, pids } = await start('sleep 1000 & echo ready $$ $!; wait', {}, { grace: 60_000 });
  abort();
  expect(await seconds(run)).toBeLessThan(10);
  expect(pids.filter(runs)).toEqual([]);
});

test('a grandchild that tidies up after its parent ended is waited for', async () => {
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

test('what is left behind by a command that ended well is ended, with a warning', async () => {
  const { run, pids, lines } = await start('sleep 1000 & echo ready $!');
  await expect(run).resolves.toMatchObject({ exitCode: 0 });
  expect(pids.filter(runs)).toEqual([]);
  expect(lines).toContain('warn: sh has ended and left processes behind, which hold its output open: ending them');
});

test('what is left behind without holding the output is ended too', async () => {
  const { run, pids, lines } = await start('sleep 1000 >/dev/null 2>&1 & echo ready $!');
  await run;
  expect(pids.filter(runs)).toEqual([]);
  expect(lines).toContain('warn: sh has ended and left processes behind: ending them');
});

test('what ends by itself soon after the command did is left to do so, and its output is passed on', async () => {
  const { run, stdout, lines } = await start('(sleep 0.3; echo last) & echo ready $!');
  await run;
  expect(stdout.text()).toContain('last\n');
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('what a program is meant to leave behind stays', async () => {
  const { run, pids, lines } = await start('sleep 1000 >/dev/null 2>&1 & echo ready $!', { leaveBehind: true });
  expect(await seconds(run)).toBeLessThan(2);
  expect(pids.filter(runs)).toEqual(pids);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([]);
});

test('a daemon that is meant to stay and holds the output does not hold up the run', async () => {
  const { run, pids } = await start('sleep 1000 & echo ready $!', { leaveBehind: true });
  expect(await seconds(run)).toBeLessThan(10);
  expect(pids.filter(runs)).toEqual(pids);
});

test('a process that left the group and holds the output is not waited for', async () => {
  const { run, pids, lines } = await start(`setsid sh -c 'echo ready $$; sleep 1000' & sleep 0.5`);
  await expect(run).resolves.toMatchObject({ exitCode: 0 });
  expect(lines).toContain(
    'warn: sh has ended, and a process that left its group holds its output open: no longer listening',
  );
  expect(pids.length).toBe(1);
});

test('a process that left the group and floods the output is not listened to for ever', async () => {
  const { run } = await start(`setsid sh -c 'echo ready $$; while echo flood; do :; done' & sleep 0.5`);
  expect(await seconds(run)).toBeLessThan(15);
});

test('an abort while leftovers are waited for ends them, and throws the reason', async () => {
  const { run, abort, reason, pids } = await start('sleep 1000 & echo ready $!', {}, { grace: 10 });
  abort();
  await expect(run).rejects.toBe(reason);
  expect(pids.filter(runs)).toEqual([]);
});

test('an abort after the end does nothing and holds nothing', async () => {
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
