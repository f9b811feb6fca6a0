import { messageOf, RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { type Boskos, isGone } from './client.ts';
import type { OnLost } from './flags.ts';
import { budgetFor, keepBeating } from './heartbeat.ts';

/** What a lease is made of. */
export interface LeaseTerms {
  readonly boskos: Boskos;
  readonly type: string;
  readonly name: string;
  /** Milliseconds between heartbeats; 0 for none. */
  readonly interval: number;
  /** Milliseconds of failing heartbeats until the resource counts as lost; what suits the interval when absent. */
  readonly budget?: number;
  readonly onLost: OnLost;
  readonly log: Log;
  /** Called once after the resource was given back or turned out not to be ours any more. */
  readonly ended?: (how: 'released' | 'lost') => Promise<void>;
}

/** How long a release is repeated when Boskos does not answer, in milliseconds. */
const RELEASE_PATIENCE = 60_000;

/**
 * A borrowed resource that is held by heartbeats until it is given back, as `dirty`, once. Whoever has one calls
 * `release`, on every path; disposing of it does the same.
 */
export class Lease implements AsyncDisposable {
  readonly type: string;
  readonly name: string;
  /**
   * Aborts with a RunError when the resource is lost and `--boskos-on-lost` is `abort`: whatever uses it has to stop,
   * because somebody else may use it now.
   */
  readonly lost: AbortSignal;

  readonly #terms: LeaseTerms;
  readonly #losing = new AbortController();
  readonly #stopping = new AbortController();
  readonly #beating: Promise<void>;
  #gone = false;
  #ending: Promise<void> | undefined;

  constructor(terms: LeaseTerms) {
    this.#terms = terms;
    this.type = terms.type;
    this.name = terms.name;
    this.lost = this.#losing.signal;
    const { interval, budget = budgetFor(interval) } = terms;
    this.#beating =
      interval === 0
        ? Promise.resolve()
        : keepBeating({ ...terms, budget, lost: (why, gone) => this.#lose(why, gone) }, this.#stopping.signal);
  }

  /** True when Boskos itself said that the resource is not ours: nothing in it may be touched. */
  get gone(): boolean {
    return this.#gone;
  }

  /** One heartbeat now. Throws RunError when the resource is lost, else what the call throws. */
  async confirm(patience: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#terms.boskos.update(this.name, 'busy', { patience, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (isGone(error))
        this.#lose(new RunError(`${this.name} is no longer ours: ${messageOf(error)}`, { cause: error }), true);
      throw error;
    }
  }

  /** Ends the heartbeats and leaves the resource as it is; resolves when the last one is over. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#beating;
  }

  /**
   * Ends the heartbeats and gives the resource back as `dirty`. The second call waits for the first, and only asks
   * again when that one failed. Throws RunError when Boskos cannot be told.
   */
  release(signal: AbortSignal): Promise<void> {
    this.#ending ??= this.#giveBack(signal).catch((error: unknown) => {
      this.#ending = undefined;
      throw error;
    });
    return this.#ending;
  }

  /** Gives the resource back, in at most a minute and a half. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release(AbortSignal.timeout(RELEASE_PATIENCE * 1.5));
  }

  async #giveBack(signal: AbortSignal): Promise<void> {
    await this.stop();
    if (!this.gone) await this.#tellBoskos(signal);
    await this.#terms.ended?.(this.gone ? 'lost' : 'released');
  }

  async #tellBoskos(signal: AbortSignal): Promise<void> {
    const { boskos, log } = this.#terms;
    // When an answer was lost, the repeated call finds a resource that is not ours any more, as it should be.
    let tries = 1;
    const onRetry = () => {
      tries += 1;
    };
    try {
      await boskos.release(this.name, 'dirty', { patience: RELEASE_PATIENCE, signal, onRetry });
    } catch (error) {
      signal.throwIfAborted();
      if (!isGone(error)) {
        throw new RunError(`${this.name} could not be given back to Boskos: ${messageOf(error)}`, { cause: error });
      }
      if (tries === 1) {
        this.#gone = true;
        log.warn(`${this.name} was not ours any more when it was given back: ${messageOf(error)}`);
        return;
      }
    }
    log.info(`gave ${this.name} back to Boskos`);
  }

  #lose(why: RunError, gone: boolean): void {
    this.#gone ||= gone;
    if (this.#terms.onLost === 'abort') this.#losing.abort(why);
    else this.#terms.log.warn(`${why.message}; going on, as --boskos-on-lost=warn says`);
  }
}
