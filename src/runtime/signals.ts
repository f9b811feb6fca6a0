import { InterruptedError, type StopSignal, TimedOutError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { monotonic } from '../system/clock.ts';

/** What sends the signals: the process itself. */
export interface SignalSource {
  on(name: StopSignal, listener: (name: StopSignal) => void): unknown;
  off(name: StopSignal, listener: (name: StopSignal) => void): unknown;
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
}

/** What the operator, Prow, a closed terminal and the engine's limits have to say to the steps of a run. */
export interface Signals extends Disposable {
  /** Aborts with an InterruptedError at the first request, or with the reason given to `abortWork`. */
  readonly work: AbortSignal;
  /** Aborts with an InterruptedError at the third request: nothing more is to be waited for. */
  readonly giveUp: AbortSignal;
  /** The first request, if there was one. */
  readonly interrupted: InterruptedError | undefined;
  /**
   * Calls the listener at the second request: whoever is being patient at that time takes its next, harder measure.
   * Returns a function that ends the subscription.
   */
  onHurry(listener: () => void): () => void;
  /**
   * A fresh signal for one cleanup step, whatever happened to the work. It aborts with an InterruptedError when the second
   * request arrives during the step or everything is given up, and with a TimedOutError after `budgetMs` milliseconds.
   * `what` and `limitText` are for that error, as in `new TimedOutError(what, limitText)`. A budget of 0 or Infinity is none.
   */
  cleanup(budgetMs: number, what: string, limitText: string): CleanupSignal;
  /** Ends the work for a reason of our own, `--timeout` for instance. Without effect when it has ended already. */
  abortWork(reason: Error): void;
}

const NAMES: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** setTimeout's longest delay, some 24 days; it takes anything above for 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Starts listening to the signals that ask us to stop, until disposed. Nothing else in the program listens to them. */
export function listenToSignals(source: SignalSource, log: Log, options: SignalOptions = {}): Signals {
  const { coalesceMs = 2000, clock = monotonic, onRequest } = options;
  const work = new AbortController();
  const giveUp = new AbortController();
  const hurried = new Set<() => void>();
  const steps = new Map<AbortController, () => void>();
  let interrupted: InterruptedError | undefined;
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;

  const request = (name: StopSignal): void => {
    const now = clock();
    if (count === 3 || now - last < coalesceMs) return;
    last = now;
    count += 1;
    say(log, sentence(name, count, steps.size > 0));
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

  const cleanup = (budgetMs: number, what: string, limitText: string): CleanupSignal => {
    const step = new AbortController();
    if (giveUp.signal.aborted) step.abort(giveUp.signal.reason);
    const timer =
      budgetMs > 0 && budgetMs <= LONGEST_TIMER
        ? setTimeout(() => step.abort(new TimedOutError(what, limitText)), budgetMs)
        : undefined;
    const end = (): void => {
      clearTimeout(timer);
      steps.delete(step);
    };
    steps.set(step, end);
    return Object.assign(step.signal, { [Symbol.dispose]: end });
  };

  for (const name of NAMES) source.on(name, request);
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
    cleanup,
    abortWork(reason) {
      work.abort(reason);
    },
    [Symbol.dispose]() {
      for (const name of NAMES) source.off(name, request);
      for (const end of [...steps.values()]) end();
      hurried.clear();
    },
  };
}

function sentence(name: StopSignal, count: number, cleaning: boolean): string {
  if (count === 3) return `${name} for the third time: giving up. What has not been cleaned up stays.`;
  if (count === 2) {
    return cleaning
      ? `${name} again: ending the current step of the cleanup. A third one gives up the rest of it.`
      : `${name} again: ending what runs now without patience, then cleaning up. A third one gives up the cleanup.`;
  }
  return cleaning
    ? `${name}: the cleanup goes on. Another one ends its current step, a third one gives up.`
    : `${name}: ending what runs now, then cleaning up. Another one hurries, a third one gives up the cleanup.`;
}

/** A terminal that is gone, which is what SIGHUP means, must not keep us from stopping. */
function say(log: Log, message: string): void {
  try {
    log.warn(message);
  } catch {
    // Nobody is left to read it.
  }
}
