import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { InterruptedError, type StopSignal, TimedOutError } from '../../../src/api/errors.ts';
import type { Log } from '../../../src/api/log.ts';
import { listenToSignals, type SignalOptions } from '../../../src/runtime/signals.ts';

/** Listens to the signals of this very process, and tells what it logs. */
function listen(options: SignalOptions = { coalesceMs: 0 }, log: Partial<Log> = {}) {
  const lines: string[] = [];
  const nothing = (): void => undefined;
  const warn = (message: string): void => {
    lines.push(message);
  };
  const full: Log = {
    info: nothing,
    warn,
    error: nothing,
    detail: nothing,
    progress: nothing,
    interactive: false,
    ...log,
  };
  const signals = listenToSignals(process, full, options);
  onTestFinished(() => signals[Symbol.dispose]());
  return { signals, lines };
}

/** Sends this process a signal, and waits until it has been delivered. */
async function send(name: StopSignal): Promise<void> {
  const delivered = once(process, name);
  execFileSync('kill', [`-${name.slice(3)}`, String(process.pid)]);
  await delivered;
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('the first %s aborts the work and nothing else', async (name) => {
  const { signals, lines } = listen();
  using step = signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  await send(name);
  expect(signals.work.reason).toEqual(new InterruptedError(name));
  expect(signals.interrupted).toBe(signals.work.reason);
  expect(signals.interrupted?.signal).toBe(name);
  expect(step.aborted).toBe(false);
  expect(signals.giveUp.aborted).toBe(false);
  expect(lines).toHaveLength(1);
});

test('SIGINT with SIGTERM right after it, as Prow sends them, is one request', async () => {
  const { signals, lines } = listen({});
  await send('SIGINT');
  await send('SIGTERM');
  await send('SIGTERM');
  using step = signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  expect(signals.interrupted?.signal).toBe('SIGINT');
  expect(step.aborted).toBe(false);
  expect(lines).toEqual([
    'Received SIGINT: stopping the current step, then cleaning up. Press Ctrl-C again to hurry, a third time to skip cleanup',
  ]);
});

test('a signal after that time is a second request', async () => {
  let now = 0;
  const { signals } = listen({ clock: () => now });
  using step = signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  await send('SIGINT');
  now = 1999;
  await send('SIGTERM');
  expect(step.aborted).toBe(false);
  now = 2000;
  await send('SIGTERM');
  expect(step.aborted).toBe(true);
});

test('the second request hurries whoever is patient, and ends the step of the cleanup it arrives in', async () => {
  const { signals, lines } = listen();
  const calls: string[] = [];
  await send('SIGTERM');
  using step = signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  step.addEventListener('abort', () => calls.push('step'));
  const forget = signals.onHurry(() => calls.push('forgotten'));
  forget();
  signals.onHurry(() => calls.push('hurry'));
  await send('SIGINT');
  // A child that is stopped because of the step must not be hurried by the same request.
  expect(calls).toEqual(['hurry', 'step']);
  expect(step.reason).toEqual(new InterruptedError('SIGINT'));
  expect(signals.interrupted?.signal).toBe('SIGTERM');
  expect(lines).toEqual([
    'Received SIGTERM: stopping the current step, then cleaning up. Send another signal to hurry, a third time to skip cleanup',
    'Received SIGINT again: stopping the current cleanup step. Press Ctrl-C a third time to skip the rest',
  ]);
});

test('the step after the one that was ended gets a fresh signal', async () => {
  const { signals } = listen();
  await send('SIGTERM');
  await send('SIGTERM');
  using step = signals.cleanup(60_000, () => new TimedOutError('release', '', '1m0s'));
  expect(step.aborted).toBe(false);
});

test('the third request gives everything up, steps that have not begun included, and a fourth is not heard', async () => {
  const { signals, lines } = listen();
  using step = signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  for (const name of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGINT'] as const) await send(name);
  using later = signals.cleanup(60_000, () => new TimedOutError('release', '', '1m0s'));
  expect(signals.giveUp.reason).toEqual(new InterruptedError('SIGINT'));
  expect(step.aborted).toBe(true);
  expect(later.reason).toBe(signals.giveUp.reason);
  expect(lines).toHaveLength(3);
  expect(lines[2]).toBe('Received SIGINT a third time: skipping the rest of the cleanup; resources may be left behind');
});

test('every request that counts is reported', async () => {
  const requests: [string, number][] = [];
  listen({ coalesceMs: 0, onRequest: (name, count) => requests.push([name, count]) });
  for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGTERM'] as const) await send(name);
  expect(requests).toEqual([
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 3],
  ]);
});

test('a step ends with its budget, and says what ran out of time', async () => {
  const { signals } = listen();
  using step = signals.cleanup(20, () => new TimedOutError('Down', '--down-timeout', '20ms'));
  await once(step, 'abort');
  expect(step.reason).toEqual(new TimedOutError('Down', '--down-timeout', '20ms'));
  expect(signals.work.aborted).toBe(false);
});

test.each([0, Number.POSITIVE_INFINITY, 2 ** 31])('a budget of %s ms is none', async (budget) => {
  const { signals } = listen();
  using step = signals.cleanup(budget, () => new TimedOutError('Down', '', 'never'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(step.aborted).toBe(false);
});

test('a step that is over is not aborted any more, by time or by request', async () => {
  const { signals } = listen();
  const step = signals.cleanup(10, () => new TimedOutError('Down', '', '10ms'));
  step[Symbol.dispose]();
  for (const name of ['SIGTERM', 'SIGTERM', 'SIGTERM'] as const) await send(name);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(step.aborted).toBe(false);
});

test('a limit of our own ends the work, and a signal after it is still told', async () => {
  const { signals } = listen();
  const reason = new TimedOutError('the run', '--timeout', '1h0m0s');
  signals.abortWork(reason);
  expect(signals.work.reason).toBe(reason);
  expect(signals.interrupted).toBeUndefined();
  await send('SIGTERM');
  expect(signals.work.reason).toBe(reason);
  expect(signals.interrupted?.signal).toBe('SIGTERM');
});

test('a log that cannot be written does not keep the work from stopping', async () => {
  const { signals } = listen(undefined, {
    warn() {
      throw new Error('EIO');
    },
  });
  await send('SIGHUP');
  expect(signals.work.aborted).toBe(true);
});

test('disposed, it listens to nothing and holds no timer', () => {
  const count = (): number =>
    process.listenerCount('SIGINT') + process.listenerCount('SIGTERM') + process.listenerCount('SIGHUP');
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const [listeners, before] = [count(), timers()];
  const { signals } = listen();
  signals.cleanup(60_000, () => new TimedOutError('Down', '', '1m0s'));
  expect(count()).toBe(listeners + 3);
  expect(timers()).toBe(before + 1);
  signals[Symbol.dispose]();
  expect(count()).toBe(listeners);
  expect(timers()).toBe(before);
});
