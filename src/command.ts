import type { Env } from './run.ts';

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
   * `log` passes both to our stderr. Default: live.
   */
  readonly output?: 'live' | 'capture' | 'log';
  /** Sees every chunk of stdout and stderr as it passes, in live mode too. */
  readonly onOutput?: (chunk: Uint8Array) => void;
  /** Exit codes that are not failures. Default: 0 alone. */
  readonly okCodes?: readonly number[];
  /** Milliseconds between SIGINT, SIGTERM and SIGKILL once the signal aborts; `--interrupt-grace` when absent. */
  readonly grace?: number;
}

/** A child process that ended as it should. */
export interface Finished {
  readonly exitCode: number;
  /** Whole in capture mode, else empty. */
  readonly stdout: string;
  readonly stderr: string;
  /** The last 64 KiB of stdout and stderr as they came. */
  readonly tail: string;
  readonly seconds: number;
}

/**
 * Runs a program in a process group of its own and waits until the whole family is gone.
 * When the signal aborts, the group gets SIGINT, after the grace SIGTERM, then SIGKILL, and the signal's reason is thrown.
 * Throws CommandError when it cannot be started, exits with another code or is killed.
 */
export type Exec = (argv: readonly string[], options: ExecOptions) => Promise<Finished>;
