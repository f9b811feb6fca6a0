import type { Env } from '../api/env.ts';

/** The process as the rest of the program sees it; only `main` reads the real one. */
export interface World {
  /** The name the program was started by, without directory and extension. */
  readonly program: string;
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Env;
  readonly cwd: string;
  /** The user's home directory. */
  readonly home: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly pid: number;
  /** To ask is to open stdin. */
  readonly stdinIsTerminal: () => boolean;
  readonly signals: NodeJS.EventEmitter;
  /** The JavaScript runtime, for instance `node 24.1.0`. */
  readonly runtime: string;
  /** The command that starts this program again: the executable, or node and the script. */
  readonly self: readonly string[];
}
