import type { Deployer } from '../api/deployer.ts';
import { type Duration, formatDuration } from '../api/duration.ts';
import {
  type CrashError,
  causes,
  LostError,
  messageOf,
  StepError,
  type StepName,
  TimedOutError,
} from '../api/errors.ts';
import type { Signals } from '../runtime/signals.ts';
import { withDeadline } from '../system/wait.ts';
import { untilAbandoned } from './abandon.ts';
import type { Plan } from './plan.ts';
import type { RecordedRun } from './recorded-run.ts';

export interface StepOptions {
  /** Whether the step has a junit case when it passes too. Default: always. */
  readonly junit?: 'always' | 'on-failure';
  /** `work` stops with the run; `cleanup` has time of its own, which only a second request to stop cuts short. Default: work. */
  readonly budget?: 'work' | 'cleanup';
  /** Stops a step of the work as well; a step that only it stopped is not recorded as failed. */
  readonly also?: AbortSignal;
}

/** The steps of one run: each is bounded in time, recorded before and after, and its error names the step. */
export class Steps {
  readonly #plan: Plan;
  readonly #run: RecordedRun;
  readonly #signals: Signals;
  /** Crashes of this program during the steps, in order. */
  readonly #crashes: CrashError[] = [];
  /** Aborts what is awaited now; replaced for each step. */
  #abandon = new AbortController();

  constructor(plan: Plan, run: RecordedRun, signals: Signals) {
    this.#plan = plan;
    this.#run = run;
    this.#signals = signals;
  }

  /** `--timeout` stops the work as a signal would. */
  boundWork(): Disposable {
    const { timeout } = this.#plan.limits;
    if (timeout === 0) return { [Symbol.dispose]: () => {} };
    const timer = setTimeout(
      () => this.#signals.abortWork(new TimedOutError('the run', '--timeout', formatDuration(timeout))),
      timeout,
    );
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  /** A failure of this program itself stops the work, and what can never settle is not waited for. */
  surviveCrashes(): Disposable {
    return this.#signals.onCrash((crash, stalled) => {
      this.#run.warnAbout('This is a fault of kubetest2-ts', stackOf(crash));
      this.#crashes.push(crash);
      this.#signals.abortWork(crash);
      if (stalled) this.#abandon.abort(crash);
    });
  }

  /** Losing what the cluster depends on, a leased project for instance, stops the work in the same way. */
  endWorkWith(lost: AbortSignal | undefined): Disposable {
    const end = () => this.#signals.abortWork(new LostError(messageOf(lost?.reason), { cause: lost?.reason }));
    if (lost?.aborted) end();
    lost?.addEventListener('abort', end);
    return { [Symbol.dispose]: () => lost?.removeEventListener('abort', end) };
  }

  /** True once the user or `--timeout` has stopped the work: only the cleanup is left. */
  get stopped(): boolean {
    return this.#signals.work.aborted;
  }

  /**
   * Runs one step, recorded before and after. A step of the work is not begun once the work has been stopped.
   * Throws StepError with the step's error as its cause.
   */
  async run<T>(name: StepName, action: (signal: AbortSignal) => Promise<T>, options: StepOptions = {}): Promise<T> {
    const { junit = 'always', budget = 'work', also } = options;
    if (budget === 'cleanup') return await this.#record(name, junit, () => this.#cleanup(name, action));
    this.#signals.work.throwIfAborted();
    return await this.#record(name, junit, () => this.#bounded(name, action, also), also);
  }

  /** Saves the cluster's logs, best effort: a failure is only a warning. */
  async saveLogs(deployer: Deployer): Promise<void> {
    if (!deployer.dumpLogs) return;
    try {
      await this.#cleanup('Logs', async (signal) => await deployer.dumpLogs?.(signal));
    } catch (error) {
      this.#run.warnAbout('Not all cluster logs were saved', error);
    }
  }

  downDue(passed: boolean): boolean {
    const { down, owed, up } = this.#plan;
    return down === 'always' || (down === 'on-success' && passed && !this.stopped) || (owed && !up);
  }

  /** A request to stop, or a crash, when there was no work left to stop is still what the run ends with. */
  throwIfStopped(): void {
    const { interrupted } = this.#signals;
    if (interrupted) throw interrupted;
    const [crash] = this.#crashes;
    if (crash) throw crash;
  }

  async #bounded<T>(name: StepName, action: (signal: AbortSignal) => Promise<T>, also?: AbortSignal): Promise<T> {
    const signal = also ? AbortSignal.any([this.#signals.work, also]) : this.#signals.work;
    const [limit, flag] = this.#limitOf(name);
    if (limit === 0) return await this.#awaited(name, action, signal);
    using bounded = withDeadline(signal, limit, () => new TimedOutError(name, flag, formatDuration(limit)));
    return await this.#awaited(name, action, bounded.signal);
  }

  async #cleanup<T>(name: StepName | 'Logs', action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { down, cleanup } = this.#plan.limits;
    const [limit, flag] = name === 'Down' && down > 0 ? [down, '--down-timeout'] : [cleanup, '--cleanup-timeout'];
    using step = this.#signals.cleanup(limit, () => new TimedOutError(name, flag, formatDuration(limit)));
    // Finish is called in any case: it stops what would keep this process alive.
    if (name !== 'Finish') step.throwIfAborted();
    return await this.#awaited(name, action, step);
  }

  /** No step is waited for longer than its abort and its grace. */
  async #awaited<T>(
    name: StepName | 'Logs',
    action: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    this.#abandon = new AbortController();
    const { log } = this.#run;
    using given = untilGivenUp(this.#signals.giveUp, this.#abandon.signal);
    return await untilAbandoned(action(signal), {
      name,
      signal,
      grace: this.#plan.limits.stop,
      now: given.signal,
      log,
    });
  }

  async #record<T>(
    name: StepName,
    junit: StepOptions['junit'],
    action: () => Promise<T>,
    also?: AbortSignal,
  ): Promise<T> {
    const row = junit === 'always';
    this.#run.beginStep(name, row);
    let result: T;
    try {
      result = await action();
    } catch (error) {
      if (!row && also?.aborted && [...causes(error)].includes(also.reason)) {
        this.#run.steps.drop(name);
        throw error;
      }
      this.#run.failStep(name, error);
      throw new StepError(name, error);
    }
    this.#run.passStep(name, row);
    return result;
  }

  #limitOf(name: StepName): readonly [Duration, string] {
    const { limits } = this.#plan;
    if (name === 'Build') return [limits.build, '--build-timeout'];
    if (name === 'Up') return [limits.up, '--up-timeout'];
    if (name === 'Test') return [limits.test, '--test-timeout'];
    return [0, ''];
  }
}

/** Milliseconds from the third request to stop until no step is waited for: children are killed meanwhile. */
const LAST_MOMENT = 1000;

/** Aborts with `abandon`, and a moment after `giveUp`. */
function untilGivenUp(giveUp: AbortSignal, abandon: AbortSignal): { readonly signal: AbortSignal } & Disposable {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer ??= setTimeout(() => late.abort(giveUp.reason), LAST_MOMENT);
  };
  if (giveUp.aborted) start();
  giveUp.addEventListener('abort', start);
  return {
    signal: AbortSignal.any([abandon, late.signal]),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      giveUp.removeEventListener('abort', start);
    },
  };
}

const stackOf = (crash: CrashError): string =>
  crash.cause instanceof Error ? `${crash.message}\n${crash.cause.stack ?? ''}` : crash.message;
