import { RunError } from '../api/errors.ts';
import type { Values } from '../api/flags.ts';
import type { Run } from '../api/run.ts';
import { type boskosFlags, type LeaseSettings, leaseSettings } from '../boskos/flags.ts';
import type { Lease } from '../boskos/lease.ts';
import { recallLease } from '../boskos/lease-record.ts';

/** The flags that select the project. */
export type ProjectValues = Values<typeof boskosFlags> & { readonly gcpProject: string };

/** The project of a run: the one of --gcp-project, or one leased from Boskos for as long as the run needs it. */
export class Project {
  readonly #run: Run;
  readonly #specified: string;
  readonly #settings: LeaseSettings;
  #lease: Lease | undefined;

  /** Throws UsageError for invalid Boskos flags. */
  constructor(values: ProjectValues, run: Run) {
    this.#run = run;
    this.#specified = values.gcpProject;
    this.#settings = leaseSettings(values, run);
  }

  /** Its name, from the flag, or recorded by this call or an earlier one of the run. Throws RunError when there is none. */
  get name(): string {
    const name = this.#specified || recordedProject(this.#run);
    if (!name) throw new RunError('this run has no project: set --gcp-project, or --up to lease one from Boskos');
    return name;
  }

  /** True when there is a project, and its lease was not lost. */
  get isHeld(): boolean {
    return (this.#specified || recordedProject(this.#run) || '') !== '' && this.#lease?.gone !== true;
  }

  /** Aborts when the lease is lost; undefined without a lease. */
  get lost(): AbortSignal | undefined {
    return this.#lease?.lost;
  }

  /** Resumes an earlier call's lease; with `lease` acquires one if there is no project yet. */
  async open(lease: boolean, signal: AbortSignal): Promise<void> {
    const { name } = recallLease(this.#run, this.#settings) ?? {};
    // A later call may specify the project that an earlier one has leased.
    if (this.#specified !== '' && name !== this.#specified)
      return this.#run.state.remember({ project: this.#specified });
    const boskos = await import('../boskos/acquire-lease.ts');
    if (lease) this.#lease = await boskos.acquireLease(this.#run, this.#settings, signal, forProject);
    else this.#lease = await boskos.resumeLease(this.#run, this.#settings, signal);
    if (this.#lease !== undefined) await this.#run.state.remember({ project: this.#lease.name });
  }

  /**
   * Hands a leased project over to a keeper, or releases it. In either case, and when that fails, this process sends no
   * more heartbeats.
   */
  async close(keep: boolean, signal: AbortSignal): Promise<void> {
    const lease = this.#lease;
    if (lease === undefined) return;
    try {
      if (keep) {
        const { leaveToKeeper } = await import('../boskos/keeper.ts');
        return await leaveToKeeper(this.#run, lease, this.#settings, signal);
      }
      await lease.release(signal);
      await this.#run.state.remember({ project: undefined });
    } finally {
      await lease.stop();
    }
  }
}

/** Earlier versions recorded the lease before the project. */
const recordedProject = ({ state }: Run): string | undefined =>
  state.recall('project') ?? state.recall('boskosResource');

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects: also with a domain in front. */
const PROJECT_ID = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** The lease and the project are recorded in one write. */
const forProject = {
  isName: (name: string) => PROJECT_ID.test(name),
  facts: (name: string) => ({ project: name }),
};
