import type { Deployer } from '../api/deployer.ts';
import { type Duration, formatDuration } from '../api/duration.ts';
import { always, causes, LostError, messageOf, StepError, type StepName, TimedOutError } from '../api/errors.ts';
import type { TestContext, Tester } from '../api/tester.ts';
import type { Signals } from '../runtime/signals.ts';
import { withDeadline } from '../system/wait.ts';
import { Leftovers } from './background-servers.ts';
import type { RecordedRun } from './recorded-run.ts';
import { expandWords, testContext } from './test-context.ts';

/** What a run is asked to do, and how long each part may take (milliseconds, 0 is no limit). */
export interface Plan {
  readonly build: boolean;
  readonly up: boolean;
  readonly down: 'always' | 'on-success' | 'never';
  readonly preTestCmd: readonly string[];
  readonly postTestCmd: readonly string[];
  /** False leaves the tests' own case out of junit. */
  readonly testCase: boolean;
  /** An earlier call of this run died and owes a teardown; it is paid before a new Up, or at the end. */
  readonly owed: boolean;
  /** Whether the tester is one of this program's. */
  readonly ownTester: boolean;
  readonly limits: {
    readonly timeout: Duration;
    readonly build: Duration;
    readonly up: Duration;
    readonly test: Duration;
    readonly down: Duration;
    readonly cleanup: Duration;
  };
}

/**
 * Builds Kubernetes, brings a cluster up, tests it, takes it down.
 *
 * The tester prepares itself beside Build and Up; when it cannot, they stop. A failed Build ends the run before there
 * is anything to take down. From then on, and from the moment something was taken, whatever fails and however the run
 * is stopped: logs are saved, Down happens once if it was asked for, and the deployer's finish is the last word.
 */
export async function runLifecycle(
  plan: Plan,
  deployer: Deployer,
  tester: Tester | undefined,
  run: RecordedRun,
  signals: Signals,
): Promise<void> {
  const steps = new Steps(plan, run, signals);
  using _timeout = steps.boundWork();
  const preparation = new Preparation(tester, steps, signals.work);
  let built = false;

  await always(
    async () => {
      await always(
        async () => {
          if (!tester?.preparesAfterBuild) preparation.start();
          await steps.quietly('Init', deployer.init?.bind(deployer), preparation.signal);
          using _lost = steps.endWorkWith(deployer.lost?.());
          if (plan.owed && plan.up) await steps.tidy('DownLeftover', (signal) => deployer.down(signal));
          if (plan.build) await steps.work('Build', (signal) => build(deployer, signal), preparation.signal);
          built = true;
          preparation.start();
          if (plan.up) await steps.work('Up', (signal) => up(deployer, run, signal), preparation.signal);
          await preparation.done();
          await testAndReact(plan, deployer, tester, run, steps);
        },
        async (error) => {
          await preparation.stop();
          if (!built && !run.armed) return;
          const downDue = steps.downDue(error === undefined);
          if (error !== undefined || downDue) await steps.saveLogs(deployer);
          if (downDue) await steps.tidy('Down', (signal) => deployer.down(signal));
        },
      );
    },
    async () => {
      await steps.tidyQuietly('Finish', deployer.finish?.bind(deployer));
      steps.throwIfInterrupted();
    },
  );
}

async function build(deployer: Deployer, signal: AbortSignal): Promise<void> {
  await deployer.build?.(signal);
}

async function up(deployer: Deployer, run: RecordedRun, signal: AbortSignal): Promise<void> {
  await deployer.up(signal);
  const kubeconfig = await deployer.kubeconfig?.();
  await run.clusterIsUp(kubeconfig, deployer.outputs?.() ?? {});
}

/** Hook, tests, hook, and the deployer's word on the result. A failed first hook skips the tests, nothing skips the second. */
async function testAndReact(
  plan: Plan,
  deployer: Deployer,
  tester: Tester | undefined,
  run: RecordedRun,
  steps: Steps,
): Promise<void> {
  const hooks = plan.preTestCmd.length + plan.postTestCmd.length > 0;
  if (!tester && !hooks) return;
  const context = await steps.formality('Kubeconfig', () => testContext(run, deployer));
  const leftovers = new Leftovers();
  const hook = (words: readonly string[]) => async (signal: AbortSignal) => {
    await run.exec(expandWords(words, context.env, run.log), { signal, env: context.env, leftovers });
  };
  await always(
    () =>
      always(
        async () => {
          try {
            if (plan.preTestCmd.length > 0) await steps.work('PreTestCmd', hook(plan.preTestCmd));
          } catch (error) {
            if (tester && !steps.stopped) await run.skipStep('Test', 'PreTestCmd failed');
            throw error;
          }
          if (tester) await test(plan, tester, context, run, steps);
        },
        async () => {
          if (plan.postTestCmd.length > 0 && !steps.stopped) await steps.work('PostTestCmd', hook(plan.postTestCmd));
        },
      ),
    async (error) => {
      // What a hook has left running is there for the tests, and goes with them.
      await leftovers.end();
      if (tester && !steps.stopped) await steps.quietly('AfterTest', deployer.afterTest?.bind(deployer, error));
    },
  );
}

async function test(plan: Plan, tester: Tester, context: TestContext, run: RecordedRun, steps: Steps): Promise<void> {
  const action = async (signal: AbortSignal) => {
    // A tester that is a program of its own writes these itself, and refuses when they are there.
    if (plan.ownTester) {
      const version = run.metadataOf('cluster-version') ?? '';
      await run.metadataUnlessSet({ 'tester-version': run.version, 'job-version': version });
    }
    const summary = await tester.test(context, signal);
    if (summary) run.describeStep('Test', summary.text);
  };
  if (plan.testCase) await steps.work('Test', action);
  else await steps.quietly('Test', action);
}

/** The steps of one run: each is bounded, recorded before and after, and its error says which step it was. */
class Steps {
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

  /** True once the operator or `--timeout` has ended the work: only the cleanup is left. */
  get stopped(): boolean {
    return this.#signals.work.aborted;
  }

  /** A step of the work: stopped by the operator, by its limit, and by `also`. */
  async work<T>(name: StepName, action: (signal: AbortSignal) => Promise<T>, also?: AbortSignal): Promise<T> {
    this.#signals.work.throwIfAborted();
    return await this.#record(name, true, () => this.#bounded(name, action, also));
  }

  /** The same, with a junit case only when it fails. */
  async quietly(
    name: StepName,
    action: ((signal: AbortSignal) => Promise<void>) | undefined,
    also?: AbortSignal,
  ): Promise<void> {
    if (!action) return;
    this.#signals.work.throwIfAborted();
    await this.#record(name, false, () => this.#bounded(name, action, also), also);
  }

  /** What takes no time of its own: recorded only when it fails. */
  async formality<T>(name: StepName, action: () => Promise<T>): Promise<T> {
    this.#signals.work.throwIfAborted();
    try {
      return await action();
    } catch (error) {
      await this.#run.failStep(name, error);
      throw new StepError(name, error);
    }
  }

  /** A step of the cleanup: it has time of its own, and only a second request of the operator stops it. */
  async tidy(name: StepName, action: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.#record(name, true, () => this.#cleanup(name, action));
  }

  async tidyQuietly(name: StepName, action: ((signal: AbortSignal) => Promise<void>) | undefined): Promise<void> {
    if (action) await this.#record(name, false, () => this.#cleanup(name, action));
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

  async #record<T>(name: StepName, row: boolean, action: () => Promise<T>, also?: AbortSignal): Promise<T> {
    await this.#run.beginStep(name, row);
    let result: T;
    try {
      result = await action();
    } catch (error) {
      if (!row && also?.aborted && [...causes(error)].includes(also.reason)) {
        await this.#run.dropStep(name);
        throw error;
      }
      await this.#run.failStep(name, error);
      throw new StepError(name, error);
    }
    await this.#run.passStep(name, row);
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

/** The tester's preparation, running beside Build and Up. */
class Preparation {
  /** Aborts with the preparation's error, so that nobody waits for a cluster whose tests cannot start. */
  readonly signal: AbortSignal;
  readonly #failed = new AbortController();
  readonly #stopped = new AbortController();
  readonly #tester: Tester | undefined;
  readonly #steps: Steps;
  readonly #work: AbortSignal;
  #running: Promise<void> | undefined;

  constructor(tester: Tester | undefined, steps: Steps, work: AbortSignal) {
    this.#tester = tester;
    this.#steps = steps;
    this.#work = work;
    this.signal = this.#failed.signal;
  }

  start(): void {
    const tester = this.#tester;
    if (this.#running || !tester?.prepare) return;
    const prepare = async (signal: AbortSignal) => {
      try {
        await tester.prepare?.(signal);
      } catch (error) {
        // Stopped because the run ends: that is told elsewhere, and is no failure of the preparation.
        if (!this.#stopped.signal.aborted && !this.#work.aborted) throw error;
      }
    };
    this.#running = this.#steps
      .quietly('Prepare', prepare, this.#stopped.signal)
      .catch((error: unknown) => this.#failed.abort(error));
  }

  /** Waits until the tester is ready; throws what kept it from being. */
  async done(): Promise<void> {
    await this.#running;
    this.signal.throwIfAborted();
  }

  /** Ends a preparation that is still running, because the run has failed elsewhere. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    this.#stopped.abort(new Error('the run ended before the tester was ready'));
    await this.#running;
  }
}
