import type { Flags, Values } from '../../api/flags.ts';
import type { Registry } from '../../api/registry.ts';
import type { Session } from '../../runtime/session.ts';
import type { World } from '../../runtime/world.ts';

/** The world as a command sees it: the program's, what is built into it, and the session of this call. */
export interface CommandWorld extends World {
  readonly registry: Registry;
  readonly commands: readonly ListedCommand[];
  readonly session: Session;
}

/** A command line of one command, read by its flags. */
export interface CommandLine<F extends Flags> {
  readonly flags: Values<F>;
  /** What is neither a flag nor a flag's value. */
  readonly args: readonly string[];
}

/** A command of the launcher, `kubetest2-ts NAME`. Parsing, help, completion and the reference come from its flags. */
export interface Command<F extends Flags = Flags> {
  /** Each way to call it, without the program: `pin VERSION... [flags]`. */
  readonly usage: readonly string[];
  /** A sentence or a few for help, below the usage. */
  readonly about: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** How many arguments it takes, at least and at most. */
  readonly args: readonly [min: number, max: number];
  /** Takes every argument as it is, flags included. Default: false. */
  readonly rawArgs?: boolean;
  /** What an argument can be, for completion, by its place; a shell's own file names where there is none. */
  readonly argChoices?: readonly (readonly string[])[];
  /** Gives the exit code. Throws UsageError for values and arguments that cannot work. */
  run(line: CommandLine<F>, world: CommandWorld): Promise<number>;
}

/** Declares a command, keeping the exact types of its flags. */
export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command;

/** A command in the launcher's list, loaded only when it is used. */
export interface ListedCommand {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** Left out of help: for the program's own use. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}
