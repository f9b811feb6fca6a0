import { expect, test } from 'vitest';
import { untilAbandoned } from '../../src/lifecycle/abandon.ts';

function steps(overrides: { readonly grace?: number } = {}) {
  const stop = new AbortController();
  const now = new AbortController();
  const warnings: string[] = [];
  const log = { warn: (message: string) => void warnings.push(message) };
  const options = { name: 'Up', signal: stop.signal, grace: overrides.grace ?? 20, now: now.signal, log };
  return { stop, now, warnings, wait: async <T>(work: Promise<T>) => await untilAbandoned(work, options) };
}

const never = new Promise<never>(() => undefined);

test('gives what the step gives', async () => {
  const { wait } = steps();
  expect(await wait(Promise.resolve(7))).toBe(7);
  await expect(wait(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});

test('a step that stops within its grace keeps its own error', async () => {
  const { stop, wait } = steps({ grace: 10_000 });
  const work = new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(new Error('stopped'))));
  const waiting = wait(work);
  stop.abort(new Error('told to'));
  await expect(waiting).rejects.toThrow('stopped');
});

test('a step that does not stop is named, with the reason it was told to', async () => {
  const { stop, wait } = steps();
  const reason = new Error('interrupted by SIGINT');
  const waiting = wait(never);
  stop.abort(reason);
  const error: unknown = await waiting.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^Up did not stop within 0s of its abort \(interrupted by SIGINT\)/),
    cause: reason,
  });
});

test('a step that can never settle is left at once', async () => {
  const { now, wait } = steps({ grace: 60_000 });
  const waiting = wait(never);
  now.abort(new Error('nothing is left to wait for'));
  await expect(waiting).rejects.toThrow('nothing is left to wait for');
});

test('a failure after that is logged, not lost', async () => {
  const { now, wait, warnings } = steps();
  const { promise, reject } = Promise.withResolvers<never>();
  const waiting = wait(promise);
  now.abort(new Error('gone on'));
  await expect(waiting).rejects.toThrow('gone on');
  reject(new Error('late'));
  await expect.poll(() => warnings).toEqual(['Up ended after the run had continued without it: late']);
});
