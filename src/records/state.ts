import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RunError } from '../api/errors.ts';
import { writeAtomic } from '../system/atomic-write.ts';
import type { Owner } from '../system/process-identity.ts';
import { isCode, reasonOf } from '../system/system-error.ts';
import { checkState } from './state-schema.ts';

/** What a run writes down for its later calls: `state.json` in the run dir, rewritten at each step. */
export interface RunState {
  /** The version of this form; a reader refuses what is newer. */
  readonly schema: 1;
  readonly runId: string;
  readonly deployer: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The process at work on the run; none between calls. */
  readonly owner?: Owner | undefined;
  /** What the last call was asked to do. */
  readonly asked: StateAsked;
  /** What the run is at, in the words of the lifecycle. */
  readonly phase: string;
  readonly steps: readonly StateStep[];
  /** What deployers remember: cluster name, project, lease owner … */
  readonly facts: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly kubeconfig?: string | undefined;
  /** The variables the deployer hands to testers and hooks. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What was created or leased and has to be given back. */
  readonly taken: readonly string[];
  /** True from a passed Up until a passed Down. */
  readonly up: boolean;
  readonly tornDown: boolean;
  /** Absolute. */
  readonly artifacts: string;
  /** Of the last call; none while one is at work, or when it was killed. */
  readonly exitCode?: number | undefined;
}

export interface StateAsked {
  readonly build: boolean;
  readonly up: boolean;
  /** The tester's name, or empty. */
  readonly test: string;
  readonly down: string;
}

export interface StateStep {
  readonly name: string;
  readonly result: 'passed' | 'failed' | 'running' | 'skipped';
  /** RFC 3339. */
  readonly startedAt?: string;
  readonly seconds?: number;
  /** One sentence. */
  readonly error?: string;
}

/** A folder below the run dirs' base: a run, or one whose state cannot be read and why. */
export type ListedRun =
  | { readonly dir: string; readonly state: RunState }
  | { readonly dir: string; readonly problem: string };

/** The state of a run that begins now. */
export function newState(run: { runId: string; deployer: string; artifacts: string; now: Date }): RunState {
  const { runId, deployer, artifacts, now } = run;
  return {
    schema: 1,
    runId,
    deployer,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    asked: { build: false, up: false, test: '', down: 'never' },
    phase: '',
    steps: [],
    facts: {},
    outputs: {},
    taken: [],
    up: false,
    tornDown: false,
    artifacts,
  };
}

/** Undefined when there is none. Throws RunError naming the file and the way out when it is corrupt or of a newer version. */
export function readState(file: string): RunState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new RunError(`the run's state ${file} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  return checkState(text, file);
}

/**
 * Replaces the file in one step, readable for its owner only, and, once it says what must be given back or that it has
 * been, there after a crash of the machine. Throws RunError when it cannot be written.
 */
export function writeState(file: string, state: RunState): void {
  const durable = state.taken.length > 0 || state.up || state.tornDown;
  writeAtomic(file, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600, durable });
}

/** The runs below a base folder, the oldest first, those that cannot be read at the end. Folders that are no runs are left out. */
export function listRuns(base: string): ListedRun[] {
  const runs = foldersIn(base).map(listed);
  return runs.filter((run) => run !== undefined).toSorted((a, b) => sortKey(a).localeCompare(sortKey(b)));
}

/** Whether the run may still own something: it took something, or its Up passed, and it was not torn down. */
export function isLive({ tornDown, taken, up }: Pick<RunState, 'tornDown' | 'taken' | 'up'>): boolean {
  return !tornDown && (taken.length > 0 || up);
}

function foldersIn(base: string): string[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, entry.name));
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw new RunError(`the run folders in ${base} cannot be listed: ${reasonOf(error)}`, { cause: error });
  }
}

function listed(dir: string): ListedRun | undefined {
  try {
    const state = readState(join(dir, 'state.json'));
    return state && { dir, state };
  } catch (error) {
    return { dir, problem: reasonOf(error) };
  }
}

const sortKey = (run: ListedRun): string => ('state' in run ? `0 ${run.state.createdAt} ${run.dir}` : `1 ${run.dir}`);
