import type { Env } from './env.ts';

/** How to run one program. */
export interface ExecOptions {
  readonly signal: AbortSignal;
  /** The whole environment of the child. Default: the run's live environment. */
  readonly env?: Env;
  /** Default: the working directory of the run. */
  readonly cwd?: string;
  /** Its stdin. Default: empty. */
  readonly input?: string;
  /**
   * `live` passes output through to our own stdout and stderr byte for byte and keeps the tail;
   * `capture` keeps stdout and stderr whole (up to 64 MiB each) and shows nothing;
   * `log` passes both to our stderr; `inherit` gives the child our own streams, for deployers on PATH (our stdin too,
   * unless it is a terminal, which would stop a background process group that reads it). Default: live.
   */
  readonly output?: 'live' | 'capture' | 'log' | 'inherit';
  /** Called with every chunk of stdout and stderr, in live mode too. If it throws, the child is stopped and the error becomes the CommandError's cause. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Exit codes that are not failures. Default: 0 alone. */
  readonly okCodes?: readonly number[];
  /** Milliseconds between SIGINT, SIGTERM and SIGKILL once the signal aborts. Default: `--interrupt-grace`. */
  readonly grace?: number;
  /** For programs that start a daemon: remaining processes of the group are neither awaited nor stopped. Default: false. */
  readonly leaveBehind?: boolean;
  /**
   * Whether the program can create or delete something. While it runs it is in the state of the run, so that a later call
   * can stop it if this process was killed. Default: true, but false with `capture`, which is for queries.
   */
  readonly tracked?: boolean;
  /**
   * For programs that may leave processes of their group running: called with a function that stops them and resolves
   * when all have exited; their output is passed on until then. Default: they are stopped soon after the program exits.
   */
  readonly onLeftBehind?: (stop: () => Promise<void>) => void;
}

/** The result of a child process that succeeded. */
export interface Finished {
  readonly exitCode: number;
  /** Complete in capture mode, else empty. */
  readonly stdout: string;
  readonly stderr: string;
  /** The last 64 KiB of stdout and stderr, interleaved as they came, secrets masked. */
  readonly tail: string;
  readonly seconds: number;
}

/**
 * Runs a program in a process group of its own and waits until all processes of the group have exited.
 * When the signal aborts, the group gets SIGINT, after `grace` SIGTERM, then SIGKILL, and the signal's reason is thrown;
 * a reason without a cause gets the CommandError with the child's last output as its cause.
 * Throws CommandError when the program cannot be started, exits with a code that is not in `okCodes`, or is killed.
 */
export type Exec = (argv: readonly string[], options: ExecOptions) => Promise<Finished>;
