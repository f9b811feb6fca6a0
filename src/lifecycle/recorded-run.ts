import type { ChildWatch } from '../api/child-watch.ts';
import type { Env } from '../api/env.ts';
import {
  causeOf,
  causes,
  InterruptedError,
  messageOf,
  RunError,
  StepError,
  type StepName,
  TimedOutError,
} from '../api/errors.ts';
import type { Exec } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import type { AcquireSettings, Asked, Program, Run } from '../api/run.ts';
import { removeDrafts } from '../records/drafts.ts';
import { EventFile } from '../records/events.ts';
import { makeRunDirectories, type RunPaths } from '../records/paths.ts';
import { lockRun } from '../records/run-lock.ts';
import { JunitRunner } from '../records/runner-junit.ts';
import { readState } from '../records/state.ts';
import type { RunState } from '../records/state-schema.ts';
import { homeOf } from '../records/trust.ts';
import type { Lock } from '../system/lock.ts';
import { reasonOf } from '../system/system-error.ts';
import { PendingWrites } from './pending-writes.ts';
import { RunRecords } from './run-records.ts';
import { RunStateFile } from './run-state.ts';
import { StepRecorder } from './step-recorder.ts';

/** What a run is made of before its first record is written. */
export interface RunBasis {
  readonly id: string;
  readonly isNew: boolean;
  readonly deployer: string;
  readonly paths: RunPaths;
  readonly cwd: string;
  readonly env: Env;
  readonly asked: Asked;
  readonly log: Log;
  readonly acquire: AcquireSettings;
  readonly program: Program;
  readonly mask: (text: string) => string;
  /** What earlier calls of this run left, if there were any. */
  readonly earlier: RunState | undefined;
  readonly now: () => Date;
  /** Called once, when another process has taken the run over. */
  readonly onLockLost: () => void;
}

/** Another call of the run changed its state after it was read: what was decided by it has to be decided again. */
export class StateChangedError extends RunError {
  override readonly name = 'StateChangedError';

  constructor() {
    super('another call of this run changed its state meanwhile');
  }
}

/** Characters of `failure` in metadata.json. */
const LONGEST_FAILURE = 1000;

/**
 * One run with its records: junit, metadata, events and state are written as things happen, so that what a run
 * did can be read however this process ends. Nothing touches the disk before `open`.
 */
export class RecordedRun implements Run {
  readonly id: string;
  readonly isNew: boolean;
  readonly isContinued: boolean;
  readonly deployer: string;
  readonly paths: RunPaths;
  readonly dir: string;
  readonly artifacts: string;
  readonly cwd: string;
  readonly env: Env;
  readonly asked: Asked;
  readonly acquire: AcquireSettings;
  readonly log: Log;
  readonly exec: Exec;
  readonly program: Program;
  readonly state: RunStateFile;
  readonly records: RunRecords;
  readonly steps: StepRecorder;

  readonly #basis: RunBasis;
  readonly #writes: PendingWrites;
  #lock: Lock | undefined;

  constructor(basis: RunBasis, openExec: (run: RecordedRun) => Exec) {
    this.#basis = basis;
    const { id, deployer, paths, log, now, earlier } = basis;
    this.id = id;
    this.isNew = basis.isNew;
    this.isContinued = earlier !== undefined;
    this.deployer = deployer;
    this.paths = paths;
    this.dir = paths.runDir;
    this.artifacts = paths.artifacts;
    this.cwd = basis.cwd;
    this.env = basis.env;
    this.asked = basis.asked;
    this.acquire = basis.acquire;
    this.log = log;
    this.program = basis.program;
    this.#writes = new PendingWrites(log);
    this.records = new RunRecords(paths, basis.mask, this.#writes);
    this.steps = new StepRecorder(this.records, log, now);
    this.state = new RunStateFile({
      id,
      deployer,
      artifacts: paths.artifacts,
      file: paths.state,
      earlier,
      now,
      writes: this.#writes,
      onLockLost: basis.onLockLost,
      steps: () => this.steps.forState(),
      event: (event, fields) => this.records.event(event, fields),
    });
    this.exec = openExec(this);
  }

  /**
   * Creates the directories, takes the run's lock and begins the records. A `lenient` call, which only tears down, continues
   * without what it cannot write.
   * Throws RunError for a directory that cannot be used, UsageError when another live process holds this run or its state
   * cannot be trusted, StateChangedError when another call changed the state since it was read, and the signal's reason
   * when the signal aborts.
   */
  async open(signal: AbortSignal, lenient: boolean): Promise<void> {
    const { asked, paths, log } = this.#basis;
    await this.#orWarn(lenient, async () => makeRunDirectories(paths));
    this.#lock = await this.#orWarn(lenient, () => lockRun(paths, signal));
    try {
      this.#checkUnchanged();
      if (this.#lock) removeDrafts(paths);
      this.records.open(await this.#openJunit(lenient), this.#openEvents());
      this.state.open(this.#lock, asked, homeOf(paths.runDir));
    } catch (error) {
      await this.#unlock(log);
      throw error;
    }
  }

  /** Decisions were made with the state as it was before the lock was taken. */
  #checkUnchanged(): void {
    const { earlier, paths } = this.#basis;
    const now = readState(paths.state);
    if (now?.updatedAt !== earlier?.updatedAt || now?.deployer !== earlier?.deployer) throw new StateChangedError();
  }

  async #openJunit(lenient: boolean): Promise<JunitRunner> {
    const { id, mask, now, paths, log } = this.#basis;
    const settings = { runId: id, now, mask, log };
    const junit = await this.#orWarn(lenient, () => JunitRunner.open(paths.junit, settings));
    return junit ?? JunitRunner.begin(paths.junit, settings);
  }

  #openEvents(): EventFile {
    const { id, mask, now, paths } = this.#basis;
    return new EventFile(paths.events, { runId: id, mask, now });
  }

  /** What an action gives; undefined for a lenient call when it failed, which is warned of. */
  async #orWarn<T>(lenient: boolean, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      if (!lenient || !causeOf(error, RunError)) throw error;
      this.log.warn(`${messageOf(error)}; continuing without it, since this call only tears down`);
      return undefined;
    }
  }

  /** Marks the environment of this call's children; see ExecWorld. */
  readonly callId = (): string | undefined => this.#lock?.nonce;

  /** Records the children that can create or destroy something, for as long as they run. */
  readonly childWatch: ChildWatch = {
    started: ({ leader, command, tracked }) => {
      if (tracked) this.state.childStarted({ leader, step: this.steps.current ?? '', command });
    },
    ended: ({ leader, tracked }) => {
      if (tracked) this.state.childEnded({ leader });
    },
  };

  /** Tries again what could not be written, at the end of a step. */
  retryRecords(): void {
    this.#writes.retry();
  }

  /** Why records are incomplete so far. */
  get recordErrors(): readonly unknown[] {
    return this.#writes.errors;
  }

  /**
   * The last writes of a call that ends with an exit code. Gives the errors of what could not be written at all: for
   * those the caller decides again, and calls this once more. Never throws.
   */
  writeEnd(exitCode: number, failure: unknown): void {
    const step = [...causes(failure)].find((cause) => cause instanceof StepError)?.step;
    const message = this.#basis.mask(messageOf(failure)).slice(0, LONGEST_FAILURE);
    const own = failure === undefined ? undefined : { exitCode, step: step ?? '', message };
    // The run is what its records tell of, not this call: what failed first stays.
    const first = this.state.earlierFailure ?? own;
    void this.records.outcome({
      'exit-code': String(first?.exitCode ?? 0),
      failure: first?.message,
      'failed-step': first?.step || undefined,
    });
    this.records.junit((junit) => {
      if (step === 'Records') junit.fail('Records', 0, failure);
    });
    this.state.close(exitCode, first);
    this.records.event('finished', { exitCode });
    this.retryRecords();
  }

  /** Gives the run free for a later call. Never throws. */
  async close(): Promise<void> {
    await this.#unlock(this.log);
  }

  async #unlock(log: Pick<Log, 'warn'>): Promise<void> {
    try {
      await this.#lock?.[Symbol.asyncDispose]();
    } catch (error) {
      log.warn(`cannot remove the lock ${this.paths.lock}: ${reasonOf(error)}`);
    }
  }

  beginStep(name: StepName, row: boolean): void {
    this.steps.begin(name, row);
    if (row) this.state.change({ phase: name });
  }

  passStep(name: StepName, row: boolean): void {
    this.steps.pass(name, row);
    if (name === 'Down' || name === 'DownLeftover') this.state.clusterIsDown();
    else if (row) this.state.changeSoon({});
    this.retryRecords();
  }

  failStep(name: StepName, error: unknown): void {
    this.steps.fail(name, error);
    this.state.change({});
    this.retryRecords();
  }

  warnAbout(what: string, error: unknown): void {
    this.records.event('warning', { what, error: messageOf(error) });
    this.log.warn(`${what}: ${messageOf(error)}`);
  }

  /** A case of its own for a run that was stopped, since the step that was running says only what it saw. */
  async recordStop(error: unknown, seconds: number): Promise<void> {
    const reason = causeOf(error, InterruptedError) ?? causeOf(error, TimedOutError);
    if (!reason) return;
    const name = reason instanceof InterruptedError ? 'Interrupted' : 'Timeout';
    this.records.event('stopped', { reason: reason.message });
    await this.records.junitCase({ name, seconds, failure: reason.message });
  }
}
