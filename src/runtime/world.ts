import type { Env } from '../api/env.ts';

/** The process as the program sees it; `main` alone reads the real one. */
export interface World {
  /** The name the program was called by, without folder and ending. */
  readonly program: string;
  /** The words after the program's name. */
  readonly args: readonly string[];
  readonly env: Env;
  readonly cwd: string;
  /** The user's home folder. */
  readonly home: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly pid: number;
  readonly stdinIsTerminal: boolean;
  readonly signals: NodeJS.EventEmitter;
  /** What runs the program, for instance `node 24.1.0`. */
  readonly runtime: string;
  /** The words that start this program again. */
  readonly self: readonly string[];
}
