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
 * Polls `check` every `every` milliseconds until it resolves to a value other than undefined. Throws the error of
 * `check`, and the signal's reason when it aborts.
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

/** A signal that aborts with `signal`, or with `reason()` after `ms` milliseconds. Dispose it when the wait is over. */
export function withDeadline(
  signal: AbortSignal,
  ms: number,
  reason: () => Error,
): { readonly signal: AbortSignal } & Disposable {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(reason()), ms);
  return {
    signal: AbortSignal.any([signal, deadline.signal]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/**
 * Makes work that takes no signal abortable: throws the signal's reason when it aborts first. The work itself continues in
 * the background.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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
