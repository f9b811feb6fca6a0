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
import { attend, type Care, type Exit, type Started } from './child.ts';
import { type ChildStreams, type OurStreams, openChildStreams } from './child-streams.ts';
import { openPipes } from './named-pipes.ts';
import { ChildOutput, Sink } from './output.ts';
import { ProcessGroup } from './process-group.ts';

/** What child processes are given and tied to. */
export interface ExecWorld {
  /** The live environment of the run. */
  readonly env: () => Env;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly log: Log;
  /** Takes one `command` event for each child. */
  readonly event: (event: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Replaces the secrets in a text. */
  readonly mask: (text: string) => string;
  /** `--interrupt-grace`: milliseconds from SIGINT to SIGTERM. */
  readonly grace: number;
  /** Of Signals: the operator's second request moves every child that is being stopped to its next step. */
  readonly onHurry: (listener: () => void) => () => void;
  /** Of Signals: the third request kills every child at once. */
  readonly giveUp: AbortSignal;
  /** Milliseconds that what a command leaves behind has to end by itself before it is ended. Default: 2000. */
  readonly settle?: number;
  /** Whether our own stdin is a terminal; only `inherit` asks. */
  readonly stdinIsTerminal?: boolean;
  /** Marks the environment of every child, so that a later call can find those that outlived this process. Default: none. */
  readonly callId?: () => string | undefined;
  readonly watch?: ChildWatch;
}

/** The environment variable that holds the call a process was started by. */
export const CALL_VARIABLE = 'KUBETEST2_CALL_ID';

/** What is longer is cut where it is shown. Characters. */
const SHOWN = 4096;

/** Opens the one door to child processes. Children still running when this process exits, however it does, are killed. */
export function openExec(world: ExecWorld): Exec {
  const sinks = {
    stdout: new Sink(world.stdout, 'stdout', world.log),
    stderr: new Sink(world.stderr, 'stderr', world.log),
  };
  const during = killingAtExit();

  return async (argv, options) => {
    options.signal.throwIfAborted();
    const { log, mask } = world;
    const name = basename(argv[0] ?? '') || 'a command';
    const command = shorten(mask(shellQuote(argv.map(shorten))));
    const cwd = options.cwd ?? world.cwd;
    const env = marked(withColour(options.env ?? world.env(), options, world), options, world);
    log.detail(2, cwd === world.cwd ? `running ${command}` : `running ${command} in ${cwd}`);

    const output = new ChildOutput(sinks, options);
    const folder = world.env()['TMPDIR'] || '/tmp';
    const child = await spawn({ argv, cwd, env, options, ours: world, folder });
    const { exit, seconds, tail } =
      'error' in child
        ? await neverRan(argv, env, cwd, child.error)
        : await during(watched(child, command, options, world), (group) =>
            live(child, group, careFor(name, output, options, world)),
          );
    world.event('command', { argv: argv.map((word) => mask(shorten(word))), cwd, seconds, ...recorded(exit, mask) });

    const failed = failure(exit, output.refusal, options.okCodes);
    if (options.signal.aborted || failed !== undefined) {
      const { ofAnotherMachine } = await import('./start-failure.ts');
      const foreign = await ofAnotherMachine(exit.exitCode, argv, env, cwd);
      const sentence = mask(`${name} ${failed?.how}${foreign}`);
      const error = failed && new CommandError(sentence, { command, ...exit, output: mask(tail) }, failed);
      throw options.signal.aborted ? withCause(options.signal.reason, error) : error;
    }
    const { exitCode = 0 } = exit;
    return {
      exitCode,
      stdout: output.captured('stdout'),
      stderr: output.captured('stderr'),
      tail: mask(tail),
      seconds,
    };
  };
}

function careFor(name: string, output: ChildOutput, options: ExecOptions, world: ExecWorld): Care {
  return {
    name,
    output,
    log: world.log,
    patience: { grace: options.grace ?? world.grace, onHurry: world.onHurry, giveUp: world.giveUp },
    signal: options.signal,
    leaveBehind: options.leaveBehind ?? false,
    onLeftBehind: options.onLeftBehind,
    settle: world.settle ?? 2000,
  };
}

/** One child from its start to its end. */
async function live(child: Started, group: ProcessGroup, care: Care) {
  const attended = await attend(child, group, care);
  const seconds = (monotonic() - child.since) / 1000;
  return { ...attended, seconds, tail: care.output.tail(child.written) };
}

async function neverRan(argv: readonly string[], env: Env, cwd: string, cause: unknown) {
  const { whyNotStarted } = await import('./start-failure.ts');
  const exit: Exit = { neverRan: `could not be started: ${await whyNotStarted(argv, env, cwd, cause)}`, cause };
  return { exit, seconds: 0, tail: '' };
}

interface ToStart {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Env;
  readonly options: ExecOptions;
  readonly ours: OurStreams;
  /** For named pipes and input, which are gone from there at once. */
  readonly folder: string;
}

/** Starts a child in a process group of its own. Throws the signal's reason if it has aborted by then. */
async function spawn({
  argv,
  cwd,
  env,
  options,
  ours,
  folder,
}: ToStart): Promise<Started | { readonly error: unknown }> {
  if (argv[0] === undefined || argv[0] === '') return { error: new Error('an empty command') };
  if (argv.some((word) => word.includes('\0'))) return { error: new Error('a NUL byte in the words of a command') };
  const start = passesThrough(options) ? plainly : await withExeca();
  // A worker closes, when it ends, the descriptors it believes it has opened: by then they may be others'.
  const pipes = async (count: number) =>
    isMainThread ? await openPipes(count, folder, (paths) => makeFifos(paths, env)) : [];
  const streams = await openChildStreams(ours, options, folder, pipes);
  if (options.signal.aborted) streams.abandon();
  options.signal.throwIfAborted();

  const since = monotonic();
  const begun = await start(argv, cwd, env, streams);
  if ('error' in begun) {
    streams.abandon();
    return begun;
  }
  const { child, pid } = begun;
  const exit = Promise.withResolvers<Exit>();
  child.once('exit', (code, killer) => {
    exit.resolve({ exitCode: code ?? undefined, signal: killer ?? undefined });
  });
  return { pid, since, sources: streams.given(child), exit: exit.promise, written: streams.written };
}

/** A child that runs, or why there is none. */
type Begun = { readonly child: ChildProcess; readonly pid: number } | { readonly error: unknown };

type Start = (argv: readonly string[], cwd: string, env: Env, streams: ChildStreams) => Promise<Begun>;

/** Whether nothing is written to the child, and what it prints is not for us to read. */
const passesThrough = ({ output, input }: ExecOptions): boolean => output !== 'capture' && input === undefined;

/** Execa, for what we talk with: it feeds the input, whenever the child stops reading. */
async function withExeca(): Promise<Start> {
  const { execa } = await import('execa');
  return async ([program = '', ...words], cwd, env, streams) => {
    const child = execa(program, words, {
      cwd,
      env: { ...env },
      extendEnv: false,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
      // Execa takes any file descriptor; its types know those up to 9.
      stdin: streams.stdin as 'pipe',
      stdout: streams.stdout as 'pipe',
      stderr: streams.stderr as 'pipe',
      ...(streams.input === undefined ? {} : { input: streams.input }),
    });
    const { pid, nodeChildProcess } = child;
    return pid === undefined ? { error: (await child).cause } : { child: nodeChildProcess, pid };
  };
}

/** Node's own spawn, for what only passes: execa would have nothing to do, and takes two thirds of node's own start to load. */
const plainly: Start = async ([program = '', ...words], cwd, env, { stdin, stdout, stderr }) => {
  try {
    const child = nodeSpawn(program, words, { cwd, env, detached: true, stdio: [stdin, stdout, stderr] });
    const { pid } = child;
    if (pid !== undefined) return { child, pid };
    const failed = Promise.withResolvers<unknown>();
    child.once('error', failed.resolve);
    return { error: await failed.promise };
  } catch (error) {
    // Some refusals of the system are thrown, others are events.
    return { error };
  }
};

/** This is plumbing and no command of the run: node's own spawn, without anything around it, takes a quarter of the time. */
async function makeFifos(paths: readonly string[], env: Env): Promise<void> {
  const child = nodeSpawn('mkfifo', ['-m', '600', ...paths], { cwd: '/', env, detached: true, stdio: 'ignore' });
  const made = Promise.withResolvers<void>();
  child.once('error', made.reject);
  child.once('exit', (code) => (code === 0 ? made.resolve() : made.reject(new Error('mkfifo failed'))));
  await made.promise;
}

/** What is left running on purpose is no one's orphan. */
function marked(env: Env, { leaveBehind }: ExecOptions, { callId }: ExecWorld): Env {
  return { ...env, [CALL_VARIABLE]: leaveBehind ? undefined : callId?.() };
}

/** Reports a child that has started; gives what is to be called when all of it has ended. */
function watched(child: Started, command: string, options: ExecOptions, { watch }: ExecWorld) {
  const { output, leaveBehind = false, tracked = output !== 'capture' && !leaveBehind } = options;
  const running = { leader: identityOf(child.pid), command, since: child.since, tracked };
  watch?.started(running);
  return { id: child.pid, ended: () => watch?.ended(running) };
}

/** A way to do something with a process group which, should this process exit meanwhile or before its rest has ended, is killed. */
function killingAtExit() {
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

/** Programs drop their colours when they write to a pipe; here the pipe leads to a terminal. */
function withColour(env: Env, { output = 'live' }: ExecOptions, { stdout }: ExecWorld): Env {
  const decided = ['NO_COLOR', 'FORCE_COLOR', 'CLICOLOR_FORCE'].some((name) => env[name] !== undefined);
  if (output !== 'live' || stdout.isTTY !== true || decided || env['TERM'] === 'dumb') return env;
  return { ...env, FORCE_COLOR: '1', CLICOLOR_FORCE: '1' };
}

/** What is wrong with how a child ended: the rest of a sentence that starts with its name, and the error behind it. */
function failure(
  exit: Exit,
  refusal: Error | undefined,
  okCodes: readonly number[] = [0],
): { how: string; cause?: unknown } | undefined {
  const { exitCode, signal, neverRan, cause } = exit;
  if (neverRan !== undefined) return { how: neverRan, cause };
  if (refusal !== undefined) return { how: `was stopped because it ${refusal.message}`, cause: refusal };
  if (signal !== undefined) return { how: `was killed by ${signal}` };
  if (exitCode === undefined) return { how: 'could not be killed' };
  return okCodes.includes(exitCode) ? undefined : { how: `exited with code ${exitCode}` };
}

function recorded({ exitCode, signal, neverRan }: Exit, mask: (text: string) => string) {
  return neverRan === undefined ? { exit: exitCode, signal } : { error: mask(neverRan) };
}

/** The reason of an abort, which keeps how the child took it and what it printed last. */
function withCause(reason: unknown, failure: CommandError | undefined): unknown {
  if (reason instanceof Error && reason.cause === undefined && failure !== undefined) reason.cause = failure;
  return reason;
}

function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
}
