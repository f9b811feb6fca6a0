import type { Asked, StateAccess } from '../api/run.ts';
import { isLive, newState, writeState } from '../records/state.ts';
import type { RunState, StateChild, StateFailure, StateHome, StateStep } from '../records/state-schema.ts';
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
  #heldInThisCall = false;
  /** A write that waits for its turn. */
  #due: NodeJS.Immediate | undefined;

  constructor(basis: RunStateBasis) {
    this.#basis = basis;
    const { id, deployer, artifacts, earlier, now } = basis;
    this.#state = earlier ?? newState({ runId: id, deployer, artifacts, now: now() });
    this.#earlierSteps = this.#state.steps;
  }

  /** Begins to write. `lock` is this call's own; undefined when it could not be had. */
  open(lock: Lock | undefined, asked: Asked, home: StateHome | undefined): void {
    this.#lock = lock;
    this.#isOpen = true;
    const { artifacts } = this.#basis;
    const calls = [...(this.#state.calls ?? []), ...(lock === undefined ? [] : [lock.nonce])];
    this.changeSoon({ owner: lock?.owner, asked: { ...asked }, artifacts, exitCode: undefined, calls, home });
  }

  /** What calls that were killed may have left running. */
  get remains(): { readonly calls: readonly string[]; readonly children: readonly StateChild[] } {
    const own = this.#lock?.nonce;
    return { calls: this.#state.calls?.filter((call) => call !== own) ?? [], children: this.#state.children ?? [] };
  }

  /** Nothing of killed calls runs any more. */
  remainsEnded(): void {
    const own = this.#lock?.nonce;
    this.change({ calls: own === undefined ? [] : [own], children: undefined });
  }

  childStarted(child: StateChild): void {
    this.change({ children: [...(this.#state.children ?? []), child] });
  }

  childEnded({ leader }: Pick<StateChild, 'leader'>): void {
    const left = this.#state.children?.filter((each) => each.leader.pid !== leader.pid) ?? [];
    this.changeSoon({ children: left.length === 0 ? undefined : left });
  }

  /** True once something was created or leased that is not torn down yet, by this call or an earlier one. */
  get armed(): boolean {
    return this.#state.taken.length > 0 && !this.#state.tornDown;
  }

  /** True once this call itself began to create or lease something. */
  get heldInThisCall(): boolean {
    return this.#heldInThisCall;
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

  async holding(what: string, facts: Readonly<Record<string, string | undefined>> = {}): Promise<void> {
    const isHeld = this.#state.taken.includes(what) && !this.#state.tornDown;
    if (isHeld && Object.keys(facts).length === 0) return;
    const before = this.#state;
    const { file } = this.#basis;
    const taken = isHeld ? before.taken : [...before.taken, what];
    this.#update({ taken, tornDown: false, facts: merged(before.facts, facts) });
    try {
      if (this.#mayWrite()) writeState(file, this.#state);
    } catch (error) {
      // Nothing of it exists yet.
      this.#state = before;
      throw error;
    }
    if (!isHeld) this.#basis.event('taking', { what });
    this.#heldInThisCall ||= !isHeld;
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
    this.change({ facts: merged(this.#state.facts, facts) });
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
  close(exitCode: number, failure: StateFailure | undefined): void {
    this.change({ owner: undefined, exitCode, failure, phase: 'done', calls: undefined });
  }

  /** The failure of an earlier call of this run. */
  get earlierFailure(): StateFailure | undefined {
    return this.#basis.earlier?.failure;
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

function merged(
  known: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const facts = Object.entries({ ...known, ...changes });
  return Object.fromEntries(facts.filter((fact): fact is [string, string] => fact[1] !== undefined));
}
