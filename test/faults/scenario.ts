import type { Sandbox } from '../helpers/sandbox.ts';
import type { Answers } from './answers.ts';

/** A kind of run: the calls of the program, the stand-ins for what it works with, and what has to be true in the end. */
export interface Scenario {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** Whether the program asks any server, whose answers can be spoiled. */
  readonly asksServers: boolean;
  /** Makes a new world in which the run takes place once. */
  open(options: WorldOptions): Promise<World>;
}

export interface WorldOptions {
  /** Between the program and every server that it asks. */
  readonly answers: Answers;
  /** Whether creating a cluster, hooks and tests take a while, and stay when their launcher is killed. */
  readonly slow: boolean;
}

/** One call of the program. */
export interface Call {
  /** The program's arguments. */
  readonly args: readonly string[];
  /** The exit code when nothing is disturbed. */
  readonly code: number;
  /** Whether the call is left out when one before it failed, as in a script that stops at errors. */
  readonly needsSuccess?: boolean;
}

/** What there may be when it should be gone, and the other ways to break a promise. */
export type FindingKind =
  | 'late'
  | 'crash'
  | 'cluster left'
  | 'deleted twice'
  | 'lease held'
  | 'released twice'
  | 'process left'
  | 'record invalid'
  | 'record incomplete'
  | 'draft left'
  | 'cache invalid'
  | 'cause not reported'
  | 'path not reported'
  | 'verdict false'
  | 'next call failed';

/** A promise that was not kept. */
export interface Finding {
  readonly kind: FindingKind;
  /** What was found. */
  readonly text: string;
}

/** The world of one run. Disposing removes it with every process that is left in it. */
export interface World extends AsyncDisposable {
  readonly sandbox: Sandbox;
  /** In order. */
  readonly calls: readonly Call[];
  /** The call that follows a killed one and leaves nothing behind. */
  readonly next: Call;
  /** How the tests ended by their own account; undefined when they did not run to their end. */
  tests(): 'passed' | 'failed' | undefined;
  /** Whether anything was created or run that the records have to mention. */
  begun(): boolean;
  /** The junit cases of a run of which this much has happened. */
  rows(): readonly string[];
  /** What is still there, or was deleted more often than once. */
  leftovers(ending: Ending): Finding[];
}

/** The end of a run, as a world needs to know it. */
export interface Ending {
  /** All that the calls printed. */
  readonly output: string;
  /** Whether a request may come twice: a call was killed and another one did its work, or an answer was lost. */
  readonly mayRepeat: boolean;
  /** The exit code of the last call. */
  readonly code: number | null;
}
