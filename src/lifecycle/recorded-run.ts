import type { Env } from '../api/env.ts';
import { causeOf, InterruptedError, messageOf, type StepName, TimedOutError } from '../api/errors.ts';
import type { Exec } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import type { AcquireSettings, Asked, JunitEntry, Run } from '../api/run.ts';
import { type EventLog, openEvents } from '../records/events.ts';
import { mergeMetadata } from '../records/metadata.ts';
import { makeRunFolders, type RunPaths } from '../records/paths.ts';
import { lockRun } from '../records/run-lock.ts';
import { JunitRunner } from '../records/runner-junit.ts';
import { isLive, newState, writeState } from '../records/state.ts';
import type { RunState, StateStep } from '../records/state-schema.ts';
import type { Lock } from '../system/lock.ts';

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
  readonly version: string;
  readonly self: readonly string[];
  readonly mask: (text: string) => string;
  /** What earlier calls of this run left, if there were any. */
  readonly earlier: RunState | undefined;
  readonly now: () => Date;
}

interface Records {
  readonly junit: JunitRunner;
  readonly events: EventLog;
  readonly lock: Lock;
}

/** A step as the summary shows it. */
export interface StepRecord {
  readonly name: StepName;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly seconds: number;
  readonly error?: string;
}

/**
 * One run and its records: junit, metadata, events and state are written as things happen, so that whatever ends this
 * process, what it did so far can be read. Nothing touches the disk before `open`.
 */
export class RecordedRun implements Run {
  readonly id: string;
  readonly isNew: boolean;
  readonly deployer: string;
  readonly dir: string;
  readonly artifacts: string;
  readonly cwd: string;
  readonly env: Env;
  readonly asked: Asked;
  readonly log: Log;
  readonly acquire: AcquireSettings;
  readonly version: string;
  readonly self: readonly string[];
  readonly exec: Exec;
  readonly paths: RunPaths;
  readonly steps: StepRecord[] = [];

  readonly #basis: RunBasis;
  #state: RunState;
  #records: Records | undefined;
  /** A write of the state that waits for its turn. */
  #due: NodeJS.Immediate | undefined;
  readonly #began = new Map<StepName, number>();
  readonly #metadata = new Map<string, string>();
  readonly #described = new Map<StepName, string>();
  readonly #earlierSteps: readonly StateStep[];

  constructor(basis: RunBasis, openExec: (run: RecordedRun) => Exec) {
    this.#basis = basis;
    this.id = basis.id;
    this.isNew = basis.isNew;
    this.deployer = basis.deployer;
    this.paths = basis.paths;
    this.dir = basis.paths.runDir;
    this.artifacts = basis.paths.artifacts;
    this.cwd = basis.cwd;
    this.env = basis.env;
    this.asked = basis.asked;
    this.log = basis.log;
    this.acquire = basis.acquire;
    this.version = basis.version;
    this.self = basis.self;
    this.exec = openExec(this);
    this.#state =
      basis.earlier ??
      newState({ runId: basis.id, deployer: basis.deployer, artifacts: basis.paths.artifacts, now: basis.now() });
    this.#earlierSteps = this.#state.steps;
  }

  /**
   * Makes the folders, takes the run's lock and begins the records.
   * Throws RunError for a folder that cannot be used, UsageError when another live process holds this run, and the
   * signal's reason when the signal aborts.
   */
  async open(signal: AbortSignal): Promise<void> {
    const { id, mask, now, asked, paths } = this.#basis;
    makeRunFolders(paths);
    const lock = await lockRun(paths, signal);
    try {
      const junit = await JunitRunner.open(paths.junit, { runId: id, now, mask, log: this.log });
      const events = openEvents(paths.events, { runId: id, mask, now, log: this.log });
      this.#records = { junit, events, lock };
      this.#changeSoon({
        owner: lock.owner,
        asked: { ...asked },
        artifacts: paths.artifacts,
        exitCode: undefined,
      });
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ends the records; the run may be continued by a later call. */
  async close(exitCode: number): Promise<void> {
    if (!this.#records) return;
    this.#records.junit.saveUnlessWritten();
    this.#change({ owner: undefined, exitCode, phase: 'done' });
    this.event('finished', { exitCode });
    await this.#records.lock[Symbol.asyncDispose]();
  }

  /** True once something was taken which must be given back, by this call or an earlier one. */
  get armed(): boolean {
    return this.#state.taken.length > 0 && !this.#state.tornDown;
  }

  /** True when an earlier call of this run was killed and had a teardown to do. */
  get owesTeardown(): boolean {
    const earlier = this.#basis.earlier;
    return earlier?.owner !== undefined && earlier.asked.down === 'always' && isLive(earlier);
  }

  /** The kubeconfig an earlier call, or this call's Up, wrote down. */
  get kubeconfig(): string | undefined {
    return this.#state.kubeconfig;
  }

  /** True from a passed Up until a passed Down, when there is something to take down. */
  get isUp(): boolean {
    return this.#state.up && !this.#state.tornDown && this.#state.taken.length > 0;
  }

  /** What the tester had to tell. */
  get testSummary(): string | undefined {
    return this.#described.get('Test');
  }

  /** What a key of `metadata.json` was set to in this call. */
  metadataOf(key: string): string | undefined {
    return this.#metadata.get(key);
  }

  /** The outputs of the deployer that an earlier call wrote down. */
  get outputs(): Readonly<Record<string, string>> {
    return this.#state.outputs;
  }

  async taking(what: string): Promise<void> {
    if (this.#state.taken.includes(what) && !this.#state.tornDown) return;
    this.#change({ taken: [...this.#state.taken, what], tornDown: false });
    this.event('taking', { what });
  }

  async givenBack(what: string): Promise<void> {
    if (!this.#state.taken.includes(what)) return;
    this.#change({ taken: this.#state.taken.filter((each) => each !== what) });
    this.event('given back', { what });
  }

  recall(name: string): string | undefined {
    return Object.hasOwn(this.#state.facts, name) ? this.#state.facts[name] : undefined;
  }

  async remember(facts: Readonly<Record<string, string | undefined>>): Promise<void> {
    const merged = Object.entries({ ...this.#state.facts, ...facts });
    this.#change({
      facts: Object.fromEntries(merged.filter((fact): fact is [string, string] => fact[1] !== undefined)),
    });
  }

  async metadata(entries: Readonly<Record<string, string>>): Promise<void> {
    for (const [key, value] of Object.entries(entries)) this.#metadata.set(key, value);
    if (this.#records) mergeMetadata(this.paths.metadata, entries, { mask: this.#basis.mask, log: this.log });
  }

  /** The same for keys that nobody has written in this call. */
  async metadataUnlessSet(entries: Readonly<Record<string, string>>): Promise<void> {
    await this.metadata(Object.fromEntries(Object.entries(entries).filter(([key]) => !this.#metadata.has(key))));
  }

  async junitCase(entry: JunitEntry): Promise<void> {
    this.#records?.junit.add(entry);
  }

  event(event: string, fields: Readonly<Record<string, unknown>>): void {
    this.#records?.events.event(event, fields);
  }

  /** Writes down that the cluster can be tested, and how to reach it. */
  async clusterIsUp(kubeconfig: string | undefined, outputs: Readonly<Record<string, string>>): Promise<void> {
    const known = kubeconfig === undefined ? {} : { kubeconfig };
    this.#change({ ...known, outputs: { ...this.#state.outputs, ...outputs }, up: true, tornDown: false });
  }

  /** Text for the step's junit case, when it passes. */
  describeStep(name: StepName, text: string): void {
    this.#described.set(name, text);
  }

  /** `row` is whether the step keeps its junit case when it passes. One that does not is told only from -v=1 on. */
  async beginStep(name: StepName, row: boolean): Promise<void> {
    this.#began.set(name, this.#basis.now().getTime());
    this.log.detail(row ? 0 : 1, `${name} begins`);
    this.#records?.junit.begin(name);
    if (!row) return;
    this.event('step', { step: name, state: 'started' });
    this.#change({ phase: name });
  }

  async passStep(name: StepName, row: boolean): Promise<void> {
    const seconds = this.#end(name, 'passed', row);
    this.log.detail(row ? 0 : 1, `${name} passed in ${seconds.toFixed(1)} s`);
    const gone = name === 'Down' || name === 'DownLeftover';
    if (gone) this.#change({ tornDown: true, up: false, taken: [] });
    else if (row) this.#changeSoon({});
    if (row) this.#records?.junit.pass(name, seconds, this.#described.get(name));
    else this.#records?.junit.drop(name);
  }

  /** Takes back a step that was stopped because another one failed, which has a row of its own. */
  async dropStep(name: StepName): Promise<void> {
    this.#end(name, 'failed', false);
    this.#records?.junit.drop(name);
  }

  async failStep(name: StepName, error: unknown): Promise<void> {
    const seconds = this.#end(name, 'failed', true, messageOf(error));
    this.#change({});
    this.#records?.junit.fail(name, seconds, error);
    this.log.error(`${name} failed after ${seconds.toFixed(1)} s: ${messageOf(error)}`);
  }

  async skipStep(name: StepName, reason: string): Promise<void> {
    this.steps.push({ name, result: 'skipped', began: this.#basis.now().getTime(), seconds: 0, error: reason });
    this.event('step', { step: name, state: 'skipped', reason });
    this.#records?.junit.skip(name, reason);
  }

  warnAbout(what: string, error: unknown): void {
    this.event('warning', { what, error: messageOf(error) });
    this.log.warn(`${what}: ${messageOf(error)}`);
  }

  /** A case of its own for a run that was stopped, since the step that was running says only what it saw. */
  async recordStop(error: unknown, seconds: number): Promise<void> {
    const reason = causeOf(error, InterruptedError) ?? causeOf(error, TimedOutError);
    if (!reason) return;
    const name = reason instanceof InterruptedError ? 'Interrupted' : 'Timeout';
    this.event('stopped', { reason: reason.message });
    await this.junitCase({ name, seconds, failure: reason.message });
  }

  #end(name: StepName, result: 'passed' | 'failed', told: boolean, error?: string): number {
    const now = this.#basis.now().getTime();
    const began = this.#began.get(name) ?? now;
    const seconds = Math.max(0, now - began) / 1000;
    this.#began.delete(name);
    if (!told) return seconds;
    this.steps.push({ name, result, began, seconds, ...(error === undefined ? {} : { error }) });
    this.event('step', { step: name, state: result, seconds, ...(error === undefined ? {} : { error }) });
    return seconds;
  }

  /** The steps so far, those of earlier calls first, those under way last. */
  #allSteps(): StateStep[] {
    const at = (ms: number) => new Date(ms).toISOString();
    const running = Array.from(
      this.#began,
      ([name, began]) => ({ name, result: 'running', startedAt: at(began) }) as const,
    );
    return [
      ...this.#earlierSteps,
      ...this.steps.map(({ began, ...step }) => ({ ...step, startedAt: at(began) })),
      ...running,
    ];
  }

  /** Changes the state and writes it. */
  #change(change: Partial<RunState>): void {
    const updatedAt = this.#basis.now().toISOString();
    this.#state = { ...this.#state, ...change, steps: this.#allSteps(), updatedAt };
    clearImmediate(this.#due);
    this.#due = undefined;
    if (this.#records) writeState(this.paths.state, this.#state);
  }

  /** Changes what nothing depends on yet: written with the next change, and at the latest when this process has to wait. */
  #changeSoon(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
    this.#due ??= setImmediate(() => {
      try {
        this.#change({});
      } catch {
        // The next change, and there is one at the end at least, meets the same and tells.
      }
    });
  }
}
