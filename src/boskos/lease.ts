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
  /** Called once, after the resource was released or turned out to be no longer ours. */
  readonly ended?: (how: 'released' | 'lost') => Promise<void>;
}

/** How long a release is retried while Boskos does not answer, in milliseconds. */
const RELEASE_PATIENCE = 60_000;

/**
 * A leased resource, renewed by heartbeats until it is released, as `dirty`, once. Its owner calls `release` on every
 * path; disposing of it does the same.
 */
export class Lease implements AsyncDisposable {
  readonly type: string;
  readonly name: string;
  /**
   * Aborts with a RunError when the resource is lost and `--boskos-on-lost` is `abort`: its use has to stop, because
   * another owner may use it now.
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

  /** Stops the heartbeats and leaves the resource leased; resolves when the last one is over. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#beating;
  }

  /**
   * Stops the heartbeats and releases the resource as `dirty`. A second call waits for the first, and repeats it only
   * when that one failed. Throws RunError when Boskos does not accept it.
   */
  release(signal: AbortSignal): Promise<void> {
    this.#ending ??= this.#release(signal).catch((error: unknown) => {
      this.#ending = undefined;
      throw error;
    });
    return this.#ending;
  }

  /** Releases the resource, in at most a minute and a half. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.release(AbortSignal.timeout(RELEASE_PATIENCE * 1.5));
  }

  async #release(signal: AbortSignal): Promise<void> {
    await this.stop();
    if (!this.gone) await this.#callRelease(signal);
    await this.#terms.ended?.(this.gone ? 'lost' : 'released');
  }

  async #callRelease(signal: AbortSignal): Promise<void> {
    const { boskos, log } = this.#terms;
    // When an answer was lost, the retry finds a resource that is no longer ours, as it should be.
    let tries = 1;
    const onRetry = () => {
      tries += 1;
    };
    try {
      await boskos.release(this.name, 'dirty', { patience: RELEASE_PATIENCE, signal, onRetry });
    } catch (error) {
      signal.throwIfAborted();
      if (!isGone(error)) {
        throw new RunError(`cannot release ${this.name} to Boskos: ${messageOf(error)}`, { cause: error });
      }
      if (tries === 1) {
        this.#gone = true;
        log.warn(`The lease of ${this.name} was lost before it was released: ${messageOf(error)}`);
        return;
      }
    }
    log.info(`Released ${this.name} to Boskos`);
  }

  #lose(why: RunError, gone: boolean): void {
    this.#gone ||= gone;
    if (this.#terms.onLost === 'abort') this.#losing.abort(why);
    else this.#terms.log.warn(`${why.message}; continuing because of --boskos-on-lost=warn`);
  }
}
