import { homedir } from 'node:os';
import type { Env } from '../../api/env.ts';
import { UsageError } from '../../api/errors.ts';
import type { Flags, Values } from '../../api/flags.ts';
import type { Log } from '../../api/log.ts';
import type { AcquireSettings } from '../../api/run.ts';
import { acquireFlags, acquireSettings } from '../../download/flags.ts';
import { parseFlags } from '../flags/parse.ts';

/** The world of a command that is not a run: `pin` and `cache`. */
export interface CommandWorld {
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface Command<F extends Flags> {
  readonly settings: AcquireSettings;
  readonly values: Values<F>;
  readonly words: readonly string[];
}

/** Reads such a command's words, whose own flags join those of fetching. Throws UsageError that says all that is wrong. */
export function readCommand<const F extends Flags>(
  flags: F,
  words: readonly string[],
  { env, cwd }: CommandWorld,
): Command<F> {
  const parsed = parseFlags({ own: flags, acquire: acquireFlags }, words, env);
  if (parsed.faults.length > 0) throw new UsageError(parsed.faults.join('\n'));
  const settings = acquireSettings(parsed.values.acquire, { env, cwd, home: env['HOME'] || homedir() });
  return { settings, values: parsed.values.own, words: [...parsed.positionals, ...parsed.afterDashes] };
}

/** True when help is asked for. */
export function asksHelp(words: readonly string[]): boolean {
  return words.includes('--help') || words.includes('-h');
}
