import type { Deployer } from '../api/deployer.ts';
import { type Duration, formatDuration } from '../api/duration.ts';
import { causes, LostError, messageOf, StepError, type StepName, TimedOutError } from '../api/errors.ts';
import type { Signals } from '../runtime/signals.ts';
import { withDeadline } from '../system/wait.ts';
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

/** The steps of one run: each is bounded, recorded before and after, and its error says which step it was. */
export class Steps {
  readonly #plan: Plan;
  readonly #run: RecordedRun;
  readonly #signals: Signals;

  constructor(plan: Plan, run: RecordedRun, signals: Signals) {
    this.#plan = plan;
    this.#run = run;
    this.#signals = signals;
  }

  /** `--timeout` stops the work as a signal of the operator would. */
  boundWork(): Disposable {
    const { timeout } = this.#plan.limits;
    if (timeout === 0) return { [Symbol.dispose]: () => {} };
    const timer = setTimeout(
      () => this.#signals.abortWork(new TimedOutError('the run (--timeout)', formatDuration(timeout))),
      timeout,
    );
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }

  /** What the cluster stands on being lost stops the work in the same way. */
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

  /** Saves the cluster's logs as well as can be; a failure is a warning and changes nothing. */
  async saveLogs(deployer: Deployer): Promise<void> {
    if (!deployer.dumpLogs) return;
    try {
      await this.#cleanup('Logs', async (signal) => await deployer.dumpLogs?.(signal));
    } catch (error) {
      this.#run.warnAbout('The cluster logs could not all be saved', error);
    }
  }

  downDue(passed: boolean): boolean {
    const { down, owed, up } = this.#plan;
    return down === 'always' || (down === 'on-success' && passed && !this.stopped) || (owed && !up);
  }

  /** A request to stop that arrived when there was no work left to stop is still what the run ends with. */
  throwIfInterrupted(): void {
    const { interrupted } = this.#signals;
    if (interrupted) throw interrupted;
  }

  async #bounded<T>(name: StepName, action: (signal: AbortSignal) => Promise<T>, also?: AbortSignal): Promise<T> {
    const signal = also ? AbortSignal.any([this.#signals.work, also]) : this.#signals.work;
    const [limit, flag] = this.#limitOf(name);
    if (limit === 0) return await action(signal);
    using bounded = withDeadline(signal, limit, () => new TimedOutError(`${name} (${flag})`, formatDuration(limit)));
    return await action(bounded.signal);
  }

  async #cleanup<T>(name: StepName | 'Logs', action: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { down, cleanup } = this.#plan.limits;
    const [limit, flag] = name === 'Down' && down > 0 ? [down, '--down-timeout'] : [cleanup, '--cleanup-timeout'];
    using step = this.#signals.cleanup(limit, `${name} (${flag})`, formatDuration(limit));
    // Finish is called all the same: it lets go of what would keep this process alive.
    if (name !== 'Finish') step.throwIfAborted();
    return await action(step);
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
