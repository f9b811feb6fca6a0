import type { Tester } from '../api/tester.ts';
import type { Steps } from './steps.ts';

/** The tester's preparation, running beside Build and Up. */
export class Preparation {
  /** Aborts with the preparation's error, so that Up stops when the tests cannot start. */
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
        // Stopped because the run ends: the run reports that, and it is no failure of the preparation.
        if (!this.#stopped.signal.aborted && !this.#work.aborted) throw error;
      }
    };
    this.#running = this.#steps
      .run('Prepare', prepare, { junit: 'on-failure', also: this.#stopped.signal })
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
