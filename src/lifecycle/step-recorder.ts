import { causeOf, messageOf, type StepName, TestsFailedError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import type { StateStep } from '../records/state-schema.ts';
import { monotonic } from '../system/clock.ts';
import type { RunRecords } from './run-records.ts';

/** A step as the summary shows it. */
export interface StepRecord {
  readonly name: StepName;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly seconds: number;
  readonly error?: string;
}

/** When a step began: its date for readers, and the clock that its duration is measured on, which does not jump. */
interface Beginning {
  /** Milliseconds since 1970. */
  readonly date: number;
  /** See `monotonic`. */
  readonly clock: number;
}

/** Records the steps of one call in log, events and junit, as they happen. */
export class StepRecorder {
  readonly #records: RunRecords;
  readonly #log: Log;
  readonly #now: () => Date;
  readonly #running = new Map<StepName, Beginning>();
  readonly #descriptions = new Map<StepName, string>();
  /** The steps that ended, in order. */
  readonly ended: StepRecord[] = [];

  constructor(records: RunRecords, log: Log, now: () => Date) {
    this.#records = records;
    this.#log = log;
    this.#now = now;
  }

  /** Text for the step's junit case, when it passes. */
  describe(name: StepName, text: string): void {
    this.#descriptions.set(name, text);
  }

  /** The step that began last and has not ended. */
  get current(): StepName | undefined {
    return [...this.#running.keys()].at(-1);
  }

  /** The steps that run, for the report of what this process waits for. */
  running(): string[] {
    const now = monotonic();
    return Array.from(
      this.#running,
      ([name, { clock }]) => `step ${name}, running for ${Math.round((now - clock) / 1000)}s`,
    );
  }

  description(name: StepName): string | undefined {
    return this.#descriptions.get(name);
  }

  /** `row` is whether the step keeps its junit case when it passes. One that does not is logged only from -v=1 on. */
  begin(name: StepName, row: boolean): void {
    this.#running.set(name, this.#beginning());
    this.#log.detail(row ? 0 : 1, `Starting ${name}`);
    this.#records.junit((junit) => junit.begin(name));
    if (row) this.#records.event('step', { step: name, state: 'started' });
  }

  pass(name: StepName, row: boolean): void {
    const seconds = this.#end(name, 'passed', row);
    this.#log.detail(row ? 0 : 1, `${name} passed in ${seconds.toFixed(1)} s`);
    this.#records.junit((junit) => {
      if (row) junit.pass(name, seconds, this.#descriptions.get(name));
      else junit.drop(name);
    });
  }

  /** The error is logged first, even if a record cannot be written. */
  fail(name: StepName, error: unknown): void {
    const { date: began } = this.#running.get(name) ?? this.#beginning();
    const seconds = this.#end(name, 'failed', false);
    // A report has named the failed tests already, and the verdict names them again.
    const isTold = causeOf(error, TestsFailedError)?.report !== undefined;
    this.#log.error(`${name} failed after ${seconds.toFixed(1)} s${isTold ? '' : `: ${messageOf(error)}`}`);
    this.#keep({
      name,
      result: 'failed',
      began,
      seconds,
      error: messageOf(error),
    });
    this.#records.junit((junit) => junit.fail(name, seconds, error));
  }

  skip(name: StepName, reason: string): void {
    this.ended.push({ name, result: 'skipped', began: this.#now().getTime(), seconds: 0, error: reason });
    this.#records.event('step', { step: name, state: 'skipped', reason });
    this.#records.junit((junit) => junit.skip(name, reason));
  }

  /** Takes back a step that was stopped because another one failed, which has a row of its own. */
  drop(name: StepName): void {
    this.#end(name, 'failed', false);
    this.#records.junit((junit) => junit.drop(name));
  }

  /** The steps so far, those under way last. */
  forState(): StateStep[] {
    const at = (ms: number) => new Date(ms).toISOString();
    const running = Array.from(this.#running, ([name, { date }]) => ({
      name,
      result: 'running' as const,
      startedAt: at(date),
    }));
    return [...this.ended.map(({ began, ...step }) => ({ ...step, startedAt: at(began) })), ...running];
  }

  #end(name: StepName, result: 'passed' | 'failed', kept: boolean): number {
    const { date, clock } = this.#running.get(name) ?? this.#beginning();
    const seconds = (monotonic() - clock) / 1000;
    this.#running.delete(name);
    if (kept) this.#keep({ name, result, began: date, seconds });
    return seconds;
  }

  #beginning(): Beginning {
    return { date: this.#now().getTime(), clock: monotonic() };
  }

  #keep(step: StepRecord): void {
    this.ended.push(step);
    const { name, result, seconds, error } = step;
    this.#records.event('step', { step: name, state: result, seconds, ...(error === undefined ? {} : { error }) });
  }
}
