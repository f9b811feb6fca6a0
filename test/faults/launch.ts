import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { program, type Sandbox } from '../helpers/sandbox.ts';
import { faultyFiles } from './compile.ts';
import type { Mode } from './modes.ts';
import { type Operation, readOperations } from './operations.ts';
import type { Call } from './scenario.ts';

/** How one call went. */
export interface Ended {
  readonly call: Call;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed, both streams as they came. */
  readonly output: string;
  /** It did not end in time, and was killed. */
  readonly late: boolean;
  readonly seconds: number;
}

/** What a call does to files, in the order of its operations. */
export interface Disturbance {
  readonly mode: Mode;
  readonly at: number;
}

/** A program that makes a script outlive its launcher, when that is killed; a path. */
export const stayAsOrphan = fileURLToPath(new URL('stay-as-orphan.sh', import.meta.url));

/** The directories, in a sandbox, whose operations are counted. */
const WATCHED = ['artifacts', 'rundir', 'cache', 'tmp'];
const COUNTER = 'operations-count';
const TRACE = 'operations-trace';

/** Puts the directories for temporary files and downloads into the sandbox. */
export function prepare(sandbox: Sandbox): void {
  mkdirSync(join(sandbox.dir, 'tmp'));
  sandbox.env['TMPDIR'] = join(sandbox.dir, 'tmp');
  sandbox.env['XDG_CACHE_HOME'] = join(sandbox.dir, 'cache');
  // Node's variable, for the children as well; what is asked of a ring does not go through libc.
  sandbox.env['UV_USE_IO_URING'] = '0';
  writeFileSync(join(sandbox.dir, COUNTER), Buffer.alloc(16));
}

/** The operations of all calls in a sandbox so far. */
export const operationsIn = (sandbox: Sandbox): Operation[] => readOperations(join(sandbox.dir, TRACE));

/**
 * Runs one call of the program to its end, in `limit` milliseconds at most. `disturbance` is for the program's own
 * process, not for what it starts; without one nothing is counted.
 */
export async function launch(sandbox: Sandbox, call: Call, limit: number, disturbance?: Disturbance): Promise<Ended> {
  const began = performance.now();
  const child = spawn(process.execPath, [process.env['KUBETEST2_FAULTS_PROGRAM'] ?? program, ...call.args], {
    cwd: sandbox.dir,
    env: { ...sandbox.env, ...(disturbance && watching(sandbox, disturbance)) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  const closed = once(child, 'close');
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  // What a killed program has left running may keep its output open.
  await Promise.race([closed, sleep(100)]);
  return { call, code, signal, output, late, seconds: (performance.now() - began) / 1000 };
}

function watching(sandbox: Sandbox, { mode, at }: Disturbance): Record<string, string> {
  return {
    LD_PRELOAD: faultyFiles(),
    FAULTS_BELOW: WATCHED.map((name) => join(sandbox.dir, name)).join(':'),
    FAULTS_MODE: mode.of === 'files' && at > 0 ? mode.fault : 'record',
    FAULTS_AT: String(at),
    FAULTS_LASTING: mode.of === 'files' && mode.lasting ? '1' : '0',
    FAULTS_COUNTER: join(sandbox.dir, COUNTER),
    FAULTS_TRACE: join(sandbox.dir, TRACE),
  };
}
