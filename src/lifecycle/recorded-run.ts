import type { Env } from '../api/env.ts';
import { causeOf, InterruptedError, messageOf, type StepName, TimedOutError } from '../api/errors.ts';
import type { Exec } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import type { AcquireSettings, Asked, Program, Run } from '../api/run.ts';
import { openEvents } from '../records/events.ts';
import { makeRunFolders, type RunPaths } from '../records/paths.ts';
import { lockRun } from '../records/run-lock.ts';
import { JunitRunner } from '../records/runner-junit.ts';
import type { RunState } from '../records/state-schema.ts';
import type { Lock } from '../system/lock.ts';
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

/**
 * One run with its records: junit, metadata, events and state are written as things happen, so that whatever ends this
 * process, what it did so far can be read. Nothing touches the disk before `open`.
 */
export class RecordedRun implements Run {
  readonly id: string;
  readonly isNew: boolean;
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
   * Creates the directories, takes the run's lock and begins the records.
   * Throws RunError for a directory that cannot be used, UsageError when another live process holds this run, and the
   * signal's reason when the signal aborts.
   */
  async open(signal: AbortSignal): Promise<void> {
    const { id, mask, now, asked, paths, log } = this.#basis;
    makeRunFolders(paths);
    this.#lock = await lockRun(paths, signal);
    try {
      const junit = await JunitRunner.open(paths.junit, { runId: id, now, mask, log });
      this.records.open(junit, openEvents(paths.events, { runId: id, mask, now, log }));
      this.state.open(this.#lock, asked);
    } catch (error) {
      await this.#lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends the records; the run may be continued by a later call. Never throws. */
  async close(exitCode: number): Promise<void> {
    this.records.junit(() => undefined);
    this.state.close(exitCode);
    this.records.event('finished', { exitCode });
    try {
      await this.#lock?.[Symbol.asyncDispose]();
    } catch (error) {
      this.log.warn(`Cannot remove the lock of this run: ${messageOf(error)}`);
    }
  }

  /** Tries again what could not be written, at the end of a step. */
  retryRecords(): void {
    this.#writes.retry();
  }

  /** Why records are incomplete so far. */
  get recordErrors(): readonly unknown[] {
    return this.#writes.errors;
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
