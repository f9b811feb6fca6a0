import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { acquireLock, LockedError, lockHolder } from '../../src/system/lock.ts';
import { ownIdentity } from '../../src/system/process-identity.ts';

const signal = AbortSignal.timeout(60_000);
const HOLDER = join(import.meta.dirname, '../helpers/programs/lock-holder.ts');

function tempDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'kubetest2-lock-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function start(...args: string[]) {
  const child = spawn(process.execPath, [HOLDER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('a lock has one holder at a time, names it, and leaves nothing behind', async () => {
  const at = tempDirectory();
  const file = join(at, 'deeper', 'a.lock');
  {
    await using _ = await acquireLock(file, { signal, wait: false });
    await expect(acquireLock(file, { signal, wait: false })).rejects.toThrow(LockedError);
    await expect(acquireLock(file, { signal, wait: false })).rejects.toMatchObject({ pid: process.pid });
    expect(lockHolder(file)).toBe(process.pid);
  }
  expect(lockHolder(file)).toBeUndefined();
  expect(readdirSync(join(at, 'deeper'))).toEqual([]);
});

test('a waiting process is called back once for each holder, and stops with the reason of the signal', async () => {
  const file = join(tempDirectory(), 'a.lock');
  await using _ = await acquireLock(file, { signal, wait: true });
  const waitedFor: number[] = [];
  const stop = new AbortController();
  const waiting = acquireLock(file, {
    signal: stop.signal,
    wait: true,
    onWait: (pid) => {
      waitedFor.push(pid);
      setTimeout(() => stop.abort(new Error('enough')), 100);
    },
  });
  await expect(waiting).rejects.toThrow('enough');
  expect(waitedFor).toEqual([process.pid]);
});

test('eight processes take over the lock of a killed one, one after the other', async () => {
  const at = tempDirectory();
  const [file, log] = [join(at, 'a.lock'), join(at, 'log')];
  const dead = start(file, log, 'forever');
  await once(dead.stdout, 'data');
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  writeFileSync(log, '');
  await Promise.all(Array.from({ length: 8 }, () => once(start(file, log), 'exit')));
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(16);
  for (let at = 0; at < 16; at += 2) expect(lines[at + 1]).toBe(lines[at]?.replace('+', '-'));
  expect(readdirSync(at)).toEqual(['log']);
}, 30_000);

test.each([
  ['takes over the lock when the process ID was reused', { started: '1' }, 0, true],
  ['takes over the lock of another container without a recent heartbeat', { place: 'elsewhere' }, 300, true],
  ['respects the lock of another container with a recent heartbeat', { place: 'elsewhere' }, 0, false],
])('%s', async (_, differs, silentSeconds, free) => {
  const file = join(tempDirectory(), 'a.lock');
  writeFileSync(file, JSON.stringify({ ...ownIdentity(), nonce: 'n', ...differs }));
  const then = Date.now() / 1000 - silentSeconds;
  utimesSync(file, then, then);
  const taken = acquireLock(file, { signal, wait: false });
  if (free) await (await taken)[Symbol.asyncDispose]();
  else await expect(taken).rejects.toThrow(LockedError);
});

test('an unreadable lock file is taken over', async () => {
  const file = join(tempDirectory(), 'a.lock');
  writeFileSync(file, '');
  await using _ = await acquireLock(file, { signal, wait: false });
  expect(lockHolder(file)).toBe(process.pid);
});
