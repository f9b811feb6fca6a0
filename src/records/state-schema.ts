import { RunError } from '../api/errors.ts';
import type { ProcessIdentity } from '../system/process-identity.ts';

/** What a run records for its later calls: `state.json` in the run directory, rewritten at each step. */
export interface RunState {
  /** The schema version; a newer one is refused. */
  readonly schema: 1;
  readonly runId: string;
  readonly deployer: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The process that runs the run; none between calls. */
  readonly owner?: ProcessIdentity | undefined;
  /** What the last call was asked to do. */
  readonly asked: StateAsked;
  /** The current step. */
  readonly phase: string;
  readonly steps: readonly StateStep[];
  /** What deployers recorded: cluster name, project, lease owner … */
  readonly facts: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly kubeconfig?: string | undefined;
  /** The variables the deployer hands to testers and hooks. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What was created or leased and has to be torn down or released. */
  readonly taken: readonly string[];
  /** True from a passed Up until a passed Down. */
  readonly up: boolean;
  readonly tornDown: boolean;
  /** Absolute. */
  readonly artifacts: string;
  /** The process groups that a call started and that had not ended when it wrote this. */
  readonly children?: readonly StateChild[] | undefined;
  /** The ids of the calls whose children may still run: the one at work, and those that were killed. */
  readonly calls?: readonly string[] | undefined;
  /** Where the run directory was when this was written: a copy of it is another directory. */
  readonly home?: StateHome | undefined;
  /** Of the last call; none while one runs, or when it was killed. */
  readonly exitCode?: number | undefined;
  /** Of the first call that failed: a later one that passes does not undo it. */
  readonly failure?: StateFailure | undefined;
}

/** How a call failed. */
export interface StateFailure {
  readonly exitCode: number;
  /** Empty for a failure outside of every step. */
  readonly step: string;
  /** In a sentence. */
  readonly message: string;
}

/** A process group that runs for a step. */
export interface StateChild {
  readonly leader: ProcessIdentity;
  readonly step: string;
  /** Quoted for a shell, shortened, secrets masked. */
  readonly command: string;
}

export interface StateHome {
  readonly host: string;
  /** Absolute. */
  readonly path: string;
  readonly inode: string;
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

/** Reads the text of a `state.json`. Throws RunError naming the file and the way out. */
export function checkState(text: string, file: string): RunState {
  const root = asObject(parse(text, file));
  const schema = root?.['schema'];
  if (typeof schema === 'number' && schema > 1) {
    throw new RunError(
      `the run's state ${file} was written by a newer kubetest2-ts (schema ${schema}, this version reads 1); use that version for this run, or start another with --run-id`,
    );
  }
  const state = root && schema === 1 ? readRoot(root) : undefined;
  if (state === undefined) throw corrupt(file, 'unexpected content');
  return state;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw corrupt(file, text.trim() === '' ? 'it is empty' : 'it is not JSON', cause);
  }
}

function corrupt(file: string, why: string, cause?: unknown): RunError {
  return new RunError(
    `the run's state ${file} is damaged: ${why}; move the file away and specify the cluster by flags, or start another run with --run-id`,
    { cause },
  );
}

type Json = Readonly<Record<string, unknown>>;

/** Undefined when anything that is needed is missing or of another type. */
function readRoot(root: Json): RunState | undefined {
  const { runId, deployer, createdAt, updatedAt, phase, up, tornDown, artifacts, kubeconfig, exitCode } = root;
  const owner = readOwner(root['owner']);
  const asked = readAsked(root['asked']);
  const steps = readSteps(root['steps']);
  const facts = readStrings(root['facts']);
  const outputs = readStrings(root['outputs']);
  const taken = readList(root['taken']);
  const failure = readFailure(root['failure']);
  if (!allStrings(runId, deployer, createdAt, updatedAt, phase, artifacts)) return;
  if (typeof up !== 'boolean' || typeof tornDown !== 'boolean' || !asked || !steps || !facts || !outputs || !taken)
    return;
  return {
    schema: 1,
    runId: String(runId),
    deployer: String(deployer),
    createdAt: String(createdAt),
    updatedAt: String(updatedAt),
    ...(owner && { owner }),
    asked,
    phase: String(phase),
    steps,
    facts,
    ...(typeof kubeconfig === 'string' && { kubeconfig }),
    outputs,
    taken,
    up,
    tornDown,
    artifacts: String(artifacts),
    ...(typeof exitCode === 'number' && { exitCode }),
    ...(failure && { failure }),
    ...optionalParts(root),
  };
}

/** What states of earlier versions lack. */
function optionalParts(root: Json): Pick<RunState, 'children' | 'calls' | 'home'> {
  const children = Array.isArray(root['children']) ? root['children'].flatMap(readChild) : [];
  const calls = readList(root['calls']);
  const { host, path, inode } = asObject(root['home']) ?? {};
  return {
    ...(children.length > 0 && { children }),
    ...(calls && { calls }),
    ...(allStrings(host, path, inode) && { home: { host: String(host), path: String(path), inode: String(inode) } }),
  };
}

function readChild(value: unknown): StateChild[] {
  const { leader, step, command } = asObject(value) ?? {};
  const owner = readOwner(leader);
  return owner && allStrings(step, command) ? [{ leader: owner, step: String(step), command: String(command) }] : [];
}

function readFailure(value: unknown): StateFailure | undefined {
  const { exitCode, step, message } = asObject(value) ?? {};
  if (typeof exitCode !== 'number' || typeof step !== 'string' || typeof message !== 'string') return undefined;
  return { exitCode, step, message };
}

const RESULTS = ['passed', 'failed', 'running', 'skipped'] as const;

function readSteps(value: unknown): StateStep[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const steps = value.map(readStep);
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

function readStep(value: unknown): StateStep | undefined {
  const { name, startedAt, seconds, error, ...rest } = asObject(value) ?? {};
  const result = RESULTS.find((each) => each === rest['result']);
  if (typeof name !== 'string' || result === undefined) return undefined;
  return {
    name,
    result,
    ...(typeof startedAt === 'string' && { startedAt }),
    ...(typeof seconds === 'number' && { seconds }),
    ...(typeof error === 'string' && { error }),
  };
}

function readOwner(value: unknown): ProcessIdentity | undefined {
  const { pid, started, place } = asObject(value) ?? {};
  if (typeof pid !== 'number' || typeof started !== 'string' || typeof place !== 'string') return undefined;
  return { pid, started, place };
}

function readAsked(value: unknown): StateAsked | undefined {
  const { build, up, test, down } = asObject(value) ?? {};
  if (typeof build !== 'boolean' || typeof up !== 'boolean') return undefined;
  return typeof test === 'string' && typeof down === 'string' ? { build, up, test, down } : undefined;
}

function readStrings(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(asObject(value) ?? { '': undefined });
  return entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')
    ? Object.fromEntries(entries)
    : undefined;
}

function readList(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined;
}

const allStrings = (...values: readonly unknown[]): boolean => values.every((value) => typeof value === 'string');

function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}
