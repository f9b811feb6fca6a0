import { CrashError, InterruptedError, messageOf, type StopSignal } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { monotonic } from '../system/clock.ts';

/** What emits signals and crashes: the process. */
export interface SignalSource {
  on(name: string, listener: (...args: unknown[]) => void): unknown;
  off(name: string, listener: (...args: unknown[]) => void): unknown;
}

/** The AbortSignal of one cleanup step. Dispose it after the step: it holds a timer and a listener. */
export type CleanupSignal = AbortSignal & Disposable;

export interface SignalOptions {
  /** Milliseconds during which further signals count as the same request; Prow sends SIGINT and SIGTERM together. Default: 2000. */
  readonly coalesceMs?: number;
  /** The clock, in milliseconds. Default: `monotonic`. */
  readonly clock?: () => number;
  /** Called for every request that counts, with its signal and its number (1 to 3). */
  readonly onRequest?: (name: StopSignal, count: number) => void;
  /** Prints what the run waits for; called for SIGQUIT and SIGUSR1. */
  readonly onReport?: () => void;
}

/** Called when this program itself fails. `stalled` is true when nothing can settle the awaited promises any more. */
export type CrashListener = (crash: CrashError, stalled: boolean) => void;

/** Requests to stop, by the operator, Prow, a closed terminal or a timeout, as AbortSignals for the steps of a run. */
export interface Signals extends Disposable {
  /** Aborts with an InterruptedError at the first request, or with the reason passed to `abortWork`. */
  readonly work: AbortSignal;
  /** Aborts with an InterruptedError at the third request: the rest of the cleanup is skipped. */
  readonly giveUp: AbortSignal;
  /** The first request, if there was one. */
  readonly interrupted: InterruptedError | undefined;
  /**
   * Calls the listener at the second request: code that waits for a graceful stop at that time escalates.
   * Returns a function that removes the listener.
   */
  onHurry(listener: () => void): () => void;
  /**
   * Calls the listener when this program itself fails, and lets it continue: an uncaught exception, an unhandled
   * rejection, or an empty event loop. Until disposed.
   */
  onCrash(listener: CrashListener): Disposable;
  /**
   * A new signal for one cleanup step, independent of `work`. It aborts with an InterruptedError when the second request
   * arrives during the step or at the third request, and with `timeout()` after `budgetMs` milliseconds. A budget of 0 or
   * Infinity is none.
   */
  cleanup(budgetMs: number, timeout: () => Error): CleanupSignal;
  /** Aborts `work` for an internal reason, `--timeout` for instance. No effect when it has aborted already. */
  abortWork(reason: Error): void;
}

/** Every signal that would terminate the process is a request to stop, except SIGKILL, which cannot be caught. */
const REQUESTS: readonly StopSignal[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR2',
  'SIGALRM',
  'SIGVTALRM',
  'SIGXCPU',
  'SIGPWR',
];

/** setTimeout's longest delay, some 24 days; a longer one fires after 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Listens to the signals until disposed. Nothing else in the program listens to them. */
export function listenToSignals(source: SignalSource, log: Log, options: SignalOptions = {}): Signals {
  const { coalesceMs = 2000, clock = monotonic, onRequest, onReport = () => undefined } = options;
  const work = new AbortController();
  const giveUp = new AbortController();
  const hurried = new Set<() => void>();
  const steps = new Map<AbortController, () => void>();
  let interrupted: InterruptedError | undefined;
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;

  const request = (name: StopSignal): void => {
    if (name === 'SIGQUIT') onReport();
    const now = clock();
    if (count === 3 || now - last < coalesceMs) return;
    last = now;
    count += 1;
    warn(log, sentence(name, count, steps.size > 0));
    onRequest?.(name, count);
    const reason = new InterruptedError(name);
    if (count === 1) {
      interrupted = reason;
      work.abort(reason);
    } else if (count === 2) {
      // In this order: a child that stops because its step aborts now must not be hurried by the same request.
      for (const listener of [...hurried]) listener();
      abortSteps(reason);
    } else {
      giveUp.abort(reason);
      abortSteps(reason);
    }
  };

  const abortSteps = (reason: Error): void => {
    for (const step of [...steps.keys()]) step.abort(reason);
  };

  const cleanup = (budgetMs: number, timeout: () => Error): CleanupSignal => {
    const step = new AbortController();
    if (giveUp.signal.aborted) step.abort(giveUp.signal.reason);
    const timer =
      budgetMs > 0 && budgetMs <= LONGEST_TIMER ? setTimeout(() => step.abort(timeout()), budgetMs) : undefined;
    const dispose = (): void => {
      clearTimeout(timer);
      steps.delete(step);
    };
    steps.set(step, dispose);
    return Object.assign(step.signal, { [Symbol.dispose]: dispose });
  };

  // One listener for each name, since the type of its argument is not StopSignal.
  const listeners = new Map(REQUESTS.map((name) => [name as string, () => request(name)]));
  listeners.set('SIGUSR1', onReport);
  for (const [name, listener] of listeners) source.on(name, listener);
  return {
    work: work.signal,
    giveUp: giveUp.signal,
    get interrupted() {
      return interrupted;
    },
    onHurry(listener) {
      hurried.add(listener);
      return () => hurried.delete(listener);
    },
    onCrash: (listener) => listenToCrashes(source, listener),
    cleanup,
    abortWork(reason) {
      work.abort(reason);
    },
    [Symbol.dispose]() {
      for (const [name, listener] of listeners) source.off(name, listener);
      for (const dispose of [...steps.values()]) dispose();
      hurried.clear();
    },
  };
}

function listenToCrashes(source: SignalSource, listener: CrashListener): Disposable {
  const crash = (what: string) => (error: unknown) =>
    listener(new CrashError(`${what}: ${messageOf(error)}`, { cause: error }), false);
  const listeners = new Map<string, (...args: unknown[]) => void>([
    ['uncaughtException', crash('uncaught exception')],
    ['unhandledRejection', crash('unhandled rejection')],
    ['beforeExit', () => listener(new CrashError('nothing is left that this run could wait for'), true)],
  ]);
  for (const [name, each] of listeners) source.on(name, each);
  return {
    [Symbol.dispose]: () => {
      for (const [name, each] of listeners) source.off(name, each);
    },
  };
}

function sentence(name: StopSignal, count: number, cleaning: boolean): string {
  if (count === 3)
    return `Received ${name} a third time: skipping the rest of the cleanup; resources may be left behind`;
  const third = name === 'SIGINT' ? 'Press Ctrl-C a third time' : 'Send a third signal';
  if (count === 2) {
    return cleaning
      ? `Received ${name} again: stopping the current cleanup step. ${third} to skip the rest`
      : `Received ${name} again: killing the current step, then cleaning up. ${third} to skip cleanup`;
  }
  const again = name === 'SIGINT' ? 'Press Ctrl-C again' : 'Send another signal';
  return cleaning
    ? `Received ${name}: continuing the cleanup. ${again} to stop its current step, a third time to skip the rest`
    : `Received ${name}: stopping the current step, then cleaning up. ${again} to hurry, a third time to skip cleanup`;
}

/** Logs a warning. After SIGHUP the terminal is closed, which must not prevent the stop. */
function warn(log: Log, message: string): void {
  try {
    log.warn(message);
  } catch {
    // The log has no reader any more.
  }
}
