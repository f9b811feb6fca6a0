import type { Asked, StateAccess } from '../api/run.ts';
import { isLive, newState, writeState } from '../records/state.ts';
import type { RunState, StateStep } from '../records/state-schema.ts';
import type { Lock } from '../system/lock.ts';
import type { PendingWrites } from './pending-writes.ts';

export interface RunStateBasis {
  readonly id: string;
  readonly deployer: string;
  readonly artifacts: string;
  /** `state.json`. */
  readonly file: string;
  /** What earlier calls of this run left, if there were any. */
  readonly earlier: RunState | undefined;
  readonly now: () => Date;
  readonly writes: PendingWrites;
  /** Called once, when another process has taken the run over. */
  readonly onLockLost: () => void;
  /** The steps so far, those of earlier calls left out. */
  readonly steps: () => readonly StateStep[];
  /** One line of events.jsonl. */
  readonly event: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/**
 * What a run keeps for its later calls. Nothing is written before `open`; from then on each change is, and one that
 * cannot be written is kept for later, except by `holding`: nothing is created of which a later call would not know.
 */
export class RunStateFile implements StateAccess {
  readonly #basis: RunStateBasis;
  readonly #earlierSteps: readonly StateStep[];
  #state: RunState;
  #lock: Lock | undefined;
  #isOpen = false;
  /** A write that waits for its turn. */
  #due: NodeJS.Immediate | undefined;

  constructor(basis: RunStateBasis) {
    this.#basis = basis;
    const { id, deployer, artifacts, earlier, now } = basis;
    this.#state = earlier ?? newState({ runId: id, deployer, artifacts, now: now() });
    this.#earlierSteps = this.#state.steps;
  }

  /** Begins to write. `lock` is this call's own; undefined when it could not be had. */
  open(lock: Lock | undefined, asked: Asked): void {
    this.#lock = lock;
    this.#isOpen = true;
    const { artifacts } = this.#basis;
    this.changeSoon({ owner: lock?.owner, asked: { ...asked }, artifacts, exitCode: undefined });
  }

  /** True once something was created or leased that is not torn down yet, by this call or an earlier one. */
  get armed(): boolean {
    return this.#state.taken.length > 0 && !this.#state.tornDown;
  }

  /** True when an earlier call of this run was killed and had a teardown to do. */
  get owesTeardown(): boolean {
    const { earlier } = this.#basis;
    return earlier?.owner !== undefined && earlier.asked.down === 'always' && isLive(earlier);
  }

  /** The kubeconfig that an earlier call, or this call's Up, recorded. */
  get kubeconfig(): string | undefined {
    return this.#state.kubeconfig;
  }

  /** True from a passed Up until a passed Down, when there is something to tear down. */
  get isUp(): boolean {
    return this.#state.up && this.armed;
  }

  /** The outputs of the deployer that an earlier call recorded. */
  get outputs(): Readonly<Record<string, string>> {
    return this.#state.outputs;
  }

  async holding(what: string): Promise<void> {
    if (this.#state.taken.includes(what) && !this.#state.tornDown) return;
    const before = this.#state;
    const { file } = this.#basis;
    this.#update({ taken: [...before.taken, what], tornDown: false });
    try {
      if (this.#mayWrite()) writeState(file, this.#state);
    } catch (error) {
      // Nothing of it exists yet.
      this.#state = before;
      throw error;
    }
    this.#basis.event('taking', { what });
  }

  async released(what: string): Promise<void> {
    if (!this.#state.taken.includes(what)) return;
    this.change({ taken: this.#state.taken.filter((each) => each !== what) });
    this.#basis.event('given back', { what });
  }

  recall(name: string): string | undefined {
    return Object.hasOwn(this.#state.facts, name) ? this.#state.facts[name] : undefined;
  }

  async remember(facts: Readonly<Record<string, string | undefined>>): Promise<void> {
    const merged = Object.entries({ ...this.#state.facts, ...facts });
    const known = merged.filter((fact): fact is [string, string] => fact[1] !== undefined);
    this.change({ facts: Object.fromEntries(known) });
  }

  /** Records that the cluster can be tested, and how to reach it. */
  clusterIsUp(kubeconfig: string | undefined, outputs: Readonly<Record<string, string>>): void {
    const known = kubeconfig === undefined ? {} : { kubeconfig };
    this.change({ ...known, outputs: { ...this.#state.outputs, ...outputs }, up: true, tornDown: false });
  }

  /** Records that nothing is left to tear down. */
  clusterIsDown(): void {
    this.change({ tornDown: true, up: false, taken: [] });
  }

  /** The last write of this call: no process is at work on the run any more. */
  close(exitCode: number): void {
    this.change({ owner: undefined, exitCode, phase: 'done' });
  }

  /** Changes the state and writes it. */
  change(change: Partial<RunState>): void {
    this.#update(change);
    const { file, writes } = this.#basis;
    if (this.#mayWrite()) writes.attempt(file, () => writeState(file, this.#state), 0o700);
  }

  /** Changes what nothing depends on yet: written with the next change, and at the latest when this process waits. */
  changeSoon(change: Partial<RunState>): void {
    this.#state = { ...this.#state, ...change };
    this.#due ??= setImmediate(() => this.change({}));
  }

  /** A process that was frozen so long that another one took the run over writes nothing more. */
  #mayWrite(): boolean {
    if (this.#isOpen && this.#lock?.isHeld() === false) {
      this.#isOpen = false;
      this.#basis.onLockLost();
    }
    return this.#isOpen;
  }

  #update(change: Partial<RunState>): void {
    const steps = [...this.#earlierSteps, ...this.#basis.steps()];
    this.#state = { ...this.#state, ...change, steps, updatedAt: this.#basis.now().toISOString() };
    clearImmediate(this.#due);
    this.#due = undefined;
  }
}
