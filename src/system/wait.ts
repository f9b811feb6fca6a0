import { setTimeout as timer } from 'node:timers/promises';

/** Waits `ms` milliseconds. Throws the signal's reason when it aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await timer(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/**
 * Asks `check` again every `every` milliseconds until it gives a value other than undefined.
 * An error of `check` ends the wait. Throws the signal's reason when it aborts.
 */
export async function waitUntil<T>(
  check: (signal: AbortSignal) => Promise<T | undefined>,
  { every, signal }: { every: number; signal: AbortSignal },
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const value = await check(signal);
    if (value !== undefined) return value;
    await delay(every, signal);
  }
}

/** `signal`, and a limit of `ms` milliseconds after which the new signal aborts with `reason()`. Dispose it when the wait is over. */
export function withDeadline(
  signal: AbortSignal,
  ms: number,
  reason: () => Error,
): { readonly signal: AbortSignal } & Disposable {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(reason()), ms);
  return {
    signal: AbortSignal.any([signal, limit.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/**
 * What comes of work that knows no signals, or the signal's reason, whichever is first. The work itself goes on unseen.
 */
export async function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
