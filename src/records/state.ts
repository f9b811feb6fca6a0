import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RunError } from '../api/errors.ts';
import { writeAtomic } from '../system/atomic-write.ts';
import { readRegularSync } from '../system/regular-file.ts';
import { isCode, reasonOf, twice } from '../system/system-error.ts';
import { checkState, type RunState } from './state-schema.ts';

/** A directory in the base of the run directories: a run, or one whose state cannot be read and why. */
export type ListedRun =
  | { readonly dir: string; readonly state: RunState }
  | { readonly dir: string; readonly problem: string };

/** The state of a new run. */
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
    text = twice(() => readRegularSync(file));
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new RunError(`unreadable state of the run: ${messageOf(error)}`, { cause: error });
  }
  return checkState(text, file);
}

/**
 * Replaces the file in one step, readable for its owner only; synced to the disk once it says what must be torn down, or
 * that it has been. Throws RunError when it cannot be written.
 */
export function writeState(file: string, state: RunState): void {
  const durable = state.taken.length > 0 || state.up || state.tornDown;
  writeAtomic(file, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600, durable });
}

/** The runs in a base directory, the oldest first, those that cannot be read at the end. Other directories are left out. */
export function listRuns(base: string): ListedRun[] {
  const runs = directoriesIn(base).map(listed);
  return runs.filter((run) => run !== undefined).toSorted((a, b) => sortKey(a).localeCompare(sortKey(b)));
}

/** Whether something of the run may still exist: it created or leased something, or its Up passed, and it was not torn down. */
export function isLive({ tornDown, taken, up }: Pick<RunState, 'tornDown' | 'taken' | 'up'>): boolean {
  return !tornDown && (taken.length > 0 || up);
}

function directoriesIn(base: string): string[] {
  try {
    const entries = readdirSync(base, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(base, entry.name));
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw new RunError(`cannot list the runs in ${base}: ${reasonOf(error)}`, { cause: error });
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
