import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { lockRun } from '../../src/records/run-lock.ts';
import { tempDirectory } from '../helpers/records-directory.ts';

const never = new AbortController().signal;
const holder = join(import.meta.dirname, '../helpers/programs/run-holder.ts');

async function hold(runDir: string) {
  const child = spawn(process.execPath, [holder, runDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('a second process on one run is refused with the pid of the first, until that one is gone', async () => {
  const runDir = tempDirectory();
  const run = { runDir, lock: join(runDir, 'lock') };
  const first = await hold(runDir);
  const refusal = await lockRun(run, never).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(UsageError);
  expect(refusal).toHaveProperty(
    'message',
    expect.stringContaining(`process ${first.pid} is running this run (${runDir})`),
  );

  const exit = once(first, 'exit');
  first.kill('SIGKILL');
  await exit;
  await using _ = await lockRun(run, never);
  await expect(lockRun(run, never)).rejects.toThrow(`process ${process.pid} `);
});

test('two runs are worked on at the same time', async () => {
  const [one, other] = [tempDirectory(), tempDirectory()];
  await using _ = await lockRun({ runDir: one, lock: join(one, 'lock') }, never);
  await using __ = await lockRun({ runDir: other, lock: join(other, 'lock') }, never);
});
