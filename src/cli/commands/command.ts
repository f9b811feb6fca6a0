import type { Flags, Values } from '../../api/flags.ts';
import type { Registry } from '../../api/registry.ts';
import type { Session } from '../../runtime/session.ts';
import type { World } from '../../runtime/world.ts';

/** What a command gets: the process, what is built into the program, and a way to open a session. */
export interface CommandWorld extends World {
  readonly registry: Registry;
  readonly commands: readonly ListedCommand[];
  /** Opens the session of this call. To be called once. */
  readonly openSession: () => Promise<Session>;
}

/** The parsed command line of a command. */
export interface CommandLine<F extends Flags> {
  readonly flags: Values<F>;
  /** The arguments that are neither flags nor values of flags. */
  readonly args: readonly string[];
}

/** A command of the launcher, `kubetest2-ts NAME`. Parsing, help, completion and the reference come from its flags. */
export interface Command<F extends Flags = Flags> {
  /** Each way to call it, without the program: `pin VERSION... [flags]`. */
  readonly usage: readonly string[];
  /** One or a few sentences, shown in help below the usage. */
  readonly about: string;
  /** Whole command lines for help. */
  readonly examples?: readonly string[];
  readonly flags: F;
  /** How many arguments it takes, at least and at most. */
  readonly args: readonly [min: number, max: number];
  /** Takes every argument unparsed, flags included. Default: false. */
  readonly rawArgs?: boolean;
  /** The values that completion offers for each argument, by its position; file names where there are none. */
  readonly argChoices?: readonly (readonly string[])[];
  /** What its exit codes mean, where they differ from those of a run. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Returns the exit code. Throws UsageError for values and arguments that cannot work. */
  run(line: CommandLine<F>, world: CommandWorld): Promise<number>;
}

/** Declares a command, keeping the exact types of its flags. */
export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command;

/** A command in the launcher's list; its module is loaded when it is used. */
export interface ListedCommand {
  readonly name: string;
  /** One line for help. */
  readonly summary: string;
  /** Not listed in help: only the program itself and completion scripts call it. */
  readonly hidden?: boolean;
  readonly load: () => Promise<Command>;
}
