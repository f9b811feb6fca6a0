import type { Env } from './env.ts';

/** How one program is run. */
export interface ExecOptions {
  readonly signal: AbortSignal;
  /** The whole environment of the child; the run's live environment when absent. */
  readonly env?: Env;
  /** The run's working directory when absent. */
  readonly cwd?: string;
  /** What it reads; nothing when absent. */
  readonly input?: string;
  /**
   * `live` passes output through to our own stdout and stderr byte for byte and keeps the tail;
   * `capture` keeps stdout and stderr whole (up to 64 MiB each) and shows nothing;
   * `log` passes both to our stderr; `inherit` hands the child our own streams, for programs that are engines themselves
   * (our stdin too, unless it is a terminal, which stops a background group that reads it). Default: live.
   */
  readonly output?: 'live' | 'capture' | 'log' | 'inherit';
  /** Sees every chunk of stdout and stderr as it passes, in live mode too. What it throws ends the child and becomes the CommandError's cause. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Exit codes that are not failures. Default: 0 alone. */
  readonly okCodes?: readonly number[];
  /** Milliseconds between SIGINT, SIGTERM and SIGKILL once the signal aborts; `--interrupt-grace` when absent. */
  readonly grace?: number;
  /** For programs that are meant to leave a daemon running: what is left of the family is not waited for, nor ended. Default: false. */
  readonly leaveBehind?: boolean;
  /**
   * Whether the program can create or destroy something: it is then in the run's state while it runs, so that a later
   * call can stop it when this process was killed. Default: true, but false with `capture`, which is for questions.
   */
  readonly tracked?: boolean;
  /**
   * For programs that may leave something running: called with what stops the rest of the family, whose output is passed
   * on meanwhile. That settles when none of it runs any more. Default: the rest is stopped soon after the program exited.
   */
  readonly onLeftBehind?: (stop: () => Promise<void>) => void;
}

/** A child process that ended as it should. */
export interface Finished {
  readonly exitCode: number;
  /** Whole in capture mode, else empty. */
  readonly stdout: string;
  readonly stderr: string;
  /** The last 64 KiB of stdout and stderr as they came, secrets masked. */
  readonly tail: string;
  readonly seconds: number;
}

/**
 * Runs a program in a process group of its own and waits until the whole family is gone.
 * When the signal aborts, the group gets SIGINT, after the grace SIGTERM, then SIGKILL, and the signal's reason is thrown;
 * a reason without a cause of its own gets the CommandError with the child's last output as its cause.
 * Throws CommandError when it cannot be started, exits with another code or is killed.
 */
export type Exec = (argv: readonly string[], options: ExecOptions) => Promise<Finished>;
