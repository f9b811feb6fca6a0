import { CrashError, InterruptedError, messageOf, type StopSignal } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { monotonic } from '../system/clock.ts';

/** What signals and crashes come from: the process itself. */
export interface SignalSource {
  on(name: string, listener: (...args: unknown[]) => void): unknown;
  off(name: string, listener: (...args: unknown[]) => void): unknown;
}

/** The signal of one cleanup step. Dispose it when the step is over, or its timer and its listener stay. */
export type CleanupSignal = AbortSignal & Disposable;

export interface SignalOptions {
  /** Milliseconds during which further signals are the same request; Prow sends SIGINT and SIGTERM at once. Default: 2000. */
  readonly coalesceMs?: number;
  /** The clock, in milliseconds. Default: `monotonic`. */
  readonly clock?: () => number;
  /** Sees every request that counts: its signal, and whether it is the first, second or third. For the records. */
  readonly onRequest?: (name: StopSignal, count: number) => void;
  /** Prints what the run waits for, as SIGQUIT and SIGUSR1 ask. */
  readonly onReport?: () => void;
}

/** This program itself failed. `stalled` when nothing is left that could ever settle what is awaited. */
export type CrashListener = (crash: CrashError, stalled: boolean) => void;

/** What the user, Prow, a closed terminal and the engine's timeouts ask of the steps of a run. */
export interface Signals extends Disposable {
  /** Aborts with an InterruptedError at the first request, or with the reason given to `abortWork`. */
  readonly work: AbortSignal;
  /** Aborts with an InterruptedError at the third request: nothing more is to be waited for. */
  readonly giveUp: AbortSignal;
  /** The first request, if there was one. */
  readonly interrupted: InterruptedError | undefined;
  /**
   * Calls the listener at the second request: whatever is waited for patiently takes its next, harder measure.
   * Returns a function that ends the subscription.
   */
  onHurry(listener: () => void): () => void;
  /**
   * Calls the listener when this program itself fails, which then goes on: an uncaught exception, an unhandled
   * rejection, or an event loop that ran empty. Until disposed.
   */
  onCrash(listener: CrashListener): Disposable;
  /**
   * A fresh signal for one cleanup step, whatever happened to the work. It aborts with an InterruptedError when the second
   * request arrives during the step or everything is given up, and with `timeout()` after `budgetMs` milliseconds. A
   * budget of 0 or Infinity is none.
   */
  cleanup(budgetMs: number, timeout: () => Error): CleanupSignal;
  /** Ends the work for a reason of our own, `--timeout` for instance. Without effect when it has ended already. */
  abortWork(reason: Error): void;
}

/** Every signal that would end the process is a request to stop. SIGKILL cannot be one. */
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

/** setTimeout's longest delay, some 24 days; it takes anything above for 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Starts listening to the signals that ask us to stop, until disposed. Nothing else in the program listens to them. */
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
    print(log, sentence(name, count, steps.size > 0));
    onRequest?.(name, count);
    const reason = new InterruptedError(name);
    if (count === 1) {
      interrupted = reason;
      work.abort(reason);
    } else if (count === 2) {
      // In this order: a child which is stopped because its step aborts now is not to be hurried by the same request.
      for (const listener of [...hurried]) listener();
      endSteps(reason);
    } else {
      giveUp.abort(reason);
      endSteps(reason);
    }
  };

  const endSteps = (reason: Error): void => {
    for (const step of [...steps.keys()]) step.abort(reason);
  };

  const cleanup = (budgetMs: number, timeout: () => Error): CleanupSignal => {
    const step = new AbortController();
    if (giveUp.signal.aborted) step.abort(giveUp.signal.reason);
    const timer =
      budgetMs > 0 && budgetMs <= LONGEST_TIMER ? setTimeout(() => step.abort(timeout()), budgetMs) : undefined;
    const end = (): void => {
      clearTimeout(timer);
      steps.delete(step);
    };
    steps.set(step, end);
    return Object.assign(step.signal, { [Symbol.dispose]: end });
  };

  // A plain listener for each name: Node gives it the signal's name.
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
      for (const end of [...steps.values()]) end();
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
  if (count === 3) return `Received ${name} a third time: skipping the rest of the cleanup`;
  if (count === 2) {
    return cleaning
      ? `Received ${name} again: stopping the current cleanup step. A third time skips the rest of the cleanup`
      : `Received ${name} again: stopping the current step at once, then cleaning up. A third time skips the cleanup`;
  }
  return cleaning
    ? `Received ${name}: continuing the cleanup. Again to stop its current step, a third time to skip the rest`
    : `Received ${name}: stopping the current step, then cleaning up. Press Ctrl-C again to hurry, a third time to skip cleanup`;
}

/** A terminal that is gone, which is what SIGHUP means, must not keep us from stopping. */
function print(log: Log, message: string): void {
  try {
    log.warn(message);
  } catch {
    // There is no reader any more.
  }
}
