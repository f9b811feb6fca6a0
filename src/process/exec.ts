import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { basename } from 'node:path';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import type { ChildWatch } from '../api/child-watch.ts';
import type { Env } from '../api/env.ts';
import { CommandError } from '../api/errors.ts';
import type { Exec, ExecOptions } from '../api/exec.ts';
import type { Log } from '../api/log.ts';
import { monotonic } from '../system/clock.ts';
import { identityOf } from '../system/process-identity.ts';
import { shellQuote } from '../text/shell-quote.ts';
import { type Exit, type StartedChild, type Supervision, superviseChild } from './child.ts';
import { type ChildStreams, type OurStreams, openChildStreams } from './child-streams.ts';
import { openPipes } from './named-pipes.ts';
import { ChildOutput, OutputSink } from './output.ts';
import { ProcessGroup } from './process-group.ts';

/** What `openExec` needs: the environment and streams of children, and the log. */
export interface ExecWorld {
  /** The live environment of the run. */
  readonly env: () => Env;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly log: Log;
  /** Records one `command` event for each child; masks and shortens its fields. */
  readonly event: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Masks the secrets in a text. */
  readonly mask: (text: string) => string;
  /** `--interrupt-grace`: milliseconds from SIGINT to SIGTERM. */
  readonly grace: number;
  /** Of Signals: the operator's second signal sends every child that is being stopped its next signal at once. */
  readonly onHurry: (listener: () => void) => () => void;
  /** Of Signals: the third one kills every child at once. */
  readonly giveUp: AbortSignal;
  /** Milliseconds that processes a command leaves behind have to exit before they are stopped. Default: 2000. */
  readonly settle?: number;
  /** Whether our own stdin is a terminal; matters for `inherit` only. */
  readonly stdinIsTerminal?: boolean;
  /** Marks the environment of every child, so that a later call can find those that outlived this process. Default: none. */
  readonly callId?: () => string | undefined;
  readonly watch?: ChildWatch;
}

/** The environment variable with the ID of the call that started a process. */
export const CALL_VARIABLE = 'KUBETEST2_CALL_ID';

/** Longer commands are cut in messages. Characters. */
const MAX_SHOWN = 4096;

/** Opens the only way to start child processes. Children still running when this process exits are killed. */
export function openExec(world: ExecWorld): Exec {
  const sinks = {
    stdout: new OutputSink(world.stdout, 'stdout', world.log),
    stderr: new OutputSink(world.stderr, 'stderr', world.log),
  };
  const withGroup = killGroupsAtExit();

  return async (argv, options) => {
    options.signal.throwIfAborted();
    const { log, mask } = world;
    const name = basename(argv[0] ?? '') || 'a command';
    const command = shorten(mask(shellQuote(argv)));
    const cwd = options.cwd ?? world.cwd;
    const env = marked(withColour(options.env ?? world.env(), options, world), options, world);
    log.detail(2, cwd === world.cwd ? `Running ${command}` : `Running ${command} in ${cwd}`);

    const output = new ChildOutput(sinks, options);
    const directory = world.env()['TMPDIR'] || '/tmp';
    const child = await spawn({ argv, cwd, env, options, ours: world, directory });
    const { exit, seconds, tail } =
      'error' in child
        ? await notStarted(argv, env, cwd, child.error)
        : await withGroup(watched(child, command, options, world), (group) =>
            runChild(child, group, supervision(name, output, options, world), mask),
          );
    world.event('command', { argv: argv.map((arg) => shorten(mask(arg))), cwd, seconds, ...recorded(exit, mask) });

    const failed = failure(exit, output.refusal, options.okCodes);
    if (options.signal.aborted || failed !== undefined) {
      const { explainForeignBinary } = await import('./start-failure.ts');
      const foreign = await explainForeignBinary(exit.exitCode, argv, env, cwd);
      const message = mask(`${name} ${failed?.how}${foreign}`);
      const error = failed && new CommandError(message, { command, ...exit, output: tail }, failed);
      throw options.signal.aborted ? withCause(options.signal.reason, error) : error;
    }
    const { exitCode = 0 } = exit;
    return {
      exitCode,
      stdout: output.captured('stdout'),
      stderr: output.captured('stderr'),
      tail,
      seconds,
    };
  };
}

function supervision(name: string, output: ChildOutput, options: ExecOptions, world: ExecWorld): Supervision {
  return {
    name,
    output,
    log: world.log,
    timeouts: { grace: options.grace ?? world.grace, onHurry: world.onHurry, giveUp: world.giveUp },
    signal: options.signal,
    leaveBehind: options.leaveBehind ?? false,
    onLeftBehind: options.onLeftBehind,
    settle: world.settle ?? 2000,
  };
}

/** Waits for a child to exit, and measures its time. */
async function runChild(child: StartedChild, group: ProcessGroup, care: Supervision, mask: (text: string) => string) {
  const supervised = await superviseChild(child, group, care);
  const seconds = (monotonic() - child.since) / 1000;
  return { ...supervised, seconds, tail: care.output.tail(child.written, mask) };
}

async function notStarted(argv: readonly string[], env: Env, cwd: string, cause: unknown) {
  const { explainStartFailure } = await import('./start-failure.ts');
  const exit: Exit = { notStarted: `could not be started: ${await explainStartFailure(argv, env, cwd, cause)}`, cause };
  return { exit, seconds: 0, tail: '' };
}

interface SpawnOptions {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  readonly options: ExecOptions;
  readonly ours: OurStreams;
  /** For named pipes and input, which are unlinked at once. */
  readonly directory: string;
}

/** Starts a child in a process group of its own. Throws the signal's reason if it aborts before. */
async function spawn({
  argv,
  cwd,
  env,
  options,
  ours,
  directory,
}: SpawnOptions): Promise<StartedChild | { readonly error: unknown }> {
  if (argv[0] === undefined || argv[0] === '') return { error: new Error('an empty command') };
  if (argv.some((arg) => arg.includes('\0'))) return { error: new Error('a NUL byte in an argument') };
  const start = passesThrough(options) ? spawnDirectly : await spawnWithExeca();
  // When a worker thread exits, Node closes the descriptors it opened, even those closed and reused since.
  const pipes = async (count: number) =>
    isMainThread ? await openPipes(count, directory, (paths) => makeFifos(paths, env)) : [];
  const streams = await openChildStreams(ours, options, directory, pipes);
  if (options.signal.aborted) streams.abandon();
  options.signal.throwIfAborted();

  const since = monotonic();
  const spawned = await start(argv, cwd, env, streams);
  if ('error' in spawned) {
    streams.abandon();
    return spawned;
  }
  const { child, pid } = spawned;
  const exit = Promise.withResolvers<Exit>();
  child.once('exit', (code, killer) => {
    exit.resolve({ exitCode: code ?? undefined, signal: killer ?? undefined });
  });
  return { pid, since, sources: streams.given(child), exit: exit.promise, written: streams.written };
}

/** A running child, or why there is none. */
type Spawned = { readonly child: ChildProcess; readonly pid: number } | { readonly error: unknown };

type Start = (argv: readonly string[], cwd: string, env: Env, streams: ChildStreams) => Promise<Spawned>;

/** Whether the child gets no input and its output is not captured. */
const passesThrough = ({ output, input }: ExecOptions): boolean => output !== 'capture' && input === undefined;

/** Spawns with execa, which handles input to a child that stops reading. */
async function spawnWithExeca(): Promise<Start> {
  const { execa } = await import('execa');
  return async ([program = '', ...args], cwd, env, streams) => {
    const child = execa(program, args, {
      cwd,
      env: { ...env },
      extendEnv: false,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
      // Execa takes any file descriptor; its types allow those up to 9.
      stdin: streams.stdin as 'pipe',
      stdout: streams.stdout as 'pipe',
      stderr: streams.stderr as 'pipe',
      ...(streams.input === undefined ? {} : { input: streams.input }),
    });
    const { pid, nodeChildProcess } = child;
    return pid === undefined ? { error: (await child).cause } : { child: nodeChildProcess, pid };
  };
}

/** Spawns with Node alone where execa has nothing to add: loading it takes two thirds of Node's own start time. */
const spawnDirectly: Start = async ([program = '', ...args], cwd, env, { stdin, stdout, stderr }) => {
  try {
    const child = nodeSpawn(program, args, { cwd, env, detached: true, stdio: [stdin, stdout, stderr] });
    const { pid } = child;
    if (pid !== undefined) return { child, pid };
    const failed = Promise.withResolvers<unknown>();
    child.once('error', failed.resolve);
    return { error: await failed.promise };
  } catch (error) {
    // Some system errors are thrown, others are events.
    return { error };
  }
};

/** Creates named pipes. Not a command of the run, so it is spawned directly and not recorded. */
async function makeFifos(paths: readonly string[], env: Env): Promise<void> {
  const child = nodeSpawn('mkfifo', ['-m', '600', ...paths], { cwd: '/', env, detached: true, stdio: 'ignore' });
  const created = Promise.withResolvers<void>();
  child.once('error', created.reject);
  child.once('exit', (code) => (code === 0 ? created.resolve() : created.reject(new Error('mkfifo failed'))));
  await created.promise;
}

/** Marks the environment of a child with the call, unless its processes are meant to stay. */
function marked(env: Env, { leaveBehind }: ExecOptions, { callId }: ExecWorld): Env {
  return { ...env, [CALL_VARIABLE]: leaveBehind ? undefined : callId?.() };
}

/** Reports a started child. Returns its process ID, and the function to call when its group has exited. */
function watched(child: StartedChild, command: string, options: ExecOptions, { watch }: ExecWorld) {
  const { output, leaveBehind = false, tracked = output !== 'capture' && !leaveBehind } = options;
  const running = { leader: identityOf(child.pid), command, since: child.since, tracked };
  watch?.started(running);
  return { id: child.pid, ended: () => watch?.ended(running) };
}

/** Returns a function that runs `body` with a process group, and kills the group if this process exits while it is running. */
function killGroupsAtExit() {
  const running = new Set<ProcessGroup>();
  const killAll = (): void => {
    for (const group of running) group.kill();
  };
  return async <T extends { readonly rest?: Promise<void> }>(
    { id, ended }: { readonly id: number; readonly ended: () => void },
    body: (group: ProcessGroup) => Promise<T>,
  ): Promise<T> => {
    const group = new ProcessGroup(id);
    if (running.size === 0) process.on('exit', killAll);
    running.add(group);
    const forget = (): void => {
      running.delete(group);
      if (running.size === 0) process.off('exit', killAll);
      ended();
    };
    try {
      const done = await body(group);
      if (done.rest) void done.rest.then(forget);
      else forget();
      return done;
    } catch (error) {
      forget();
      throw error;
    }
  };
}

/** Asks programs for colour where the pipe they write to leads to a terminal. */
function withColour(env: Env, { output = 'live' }: ExecOptions, { stdout }: ExecWorld): Env {
  const decided = ['NO_COLOR', 'FORCE_COLOR', 'CLICOLOR_FORCE'].some((name) => env[name] !== undefined);
  if (output !== 'live' || stdout.isTTY !== true || decided || env['TERM'] === 'dumb') return env;
  return { ...env, FORCE_COLOR: '1', CLICOLOR_FORCE: '1' };
}

/** Why a child failed, as the rest of a sentence that starts with its name, and the error behind it; undefined on success. */
function failure(
  exit: Exit,
  refusal: Error | undefined,
  okCodes: readonly number[] = [0],
): { how: string; cause?: unknown } | undefined {
  const { exitCode, signal, notStarted, cause } = exit;
  if (notStarted !== undefined) return { how: notStarted, cause };
  if (refusal !== undefined) return { how: `was stopped because it ${refusal.message}`, cause: refusal };
  if (signal !== undefined) return { how: `was killed by ${signal}` };
  if (exitCode === undefined) return { how: 'could not be killed' };
  return okCodes.includes(exitCode) ? undefined : { how: `exited with code ${exitCode}` };
}

function recorded({ exitCode, signal, notStarted }: Exit, mask: (text: string) => string) {
  return notStarted === undefined ? { exit: exitCode, signal } : { error: mask(notStarted) };
}

/** The reason of an abort, with the child's failure as its cause unless it has one. */
function withCause(reason: unknown, failure: CommandError | undefined): unknown {
  if (reason instanceof Error && reason.cause === undefined && failure !== undefined) reason.cause = failure;
  return reason;
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}
