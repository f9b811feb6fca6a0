import { mkdtempSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquireLock } from '../../src/system/lock.ts';

const { signal } = new AbortController();
const lockFile = (): string => join(mkdtempSync(join(tmpdir(), 'kubetest2-test-')), 'lock');

test('a holder that gives no sign for its lease is passed by, and sees that it was', async () => {
  const file = lockFile();
  // Its heartbeat comes later than the lease of the other one, as if it were frozen.
  await using frozen = await acquireLock(file, { signal, wait: false });
  const waited: number[] = [];
  await using next = await acquireLock(file, { signal, wait: true, lease: 200, onWait: (pid) => waited.push(pid) });
  expect(waited).toEqual([process.pid]);
  expect(frozen.isHeld()).toBe(false);
  expect(next.isHeld()).toBe(true);
});

test('a holder that gives signs is waited for', async () => {
  const file = lockFile();
  await using holder = await acquireLock(file, { signal, wait: false });
  let beats = 0;
  const beat = setInterval(() => {
    beats += 1;
    utimesSync(file, beats, beats);
  }, 20);
  const stop = AbortSignal.timeout(1500);
  await expect(acquireLock(file, { signal: stop, wait: true, lease: 1000 })).rejects.toThrow(/timeout/);
  clearInterval(beat);
  expect(beats).toBeGreaterThan(1);
  expect(holder.isHeld()).toBe(true);
});
