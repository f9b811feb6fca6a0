import type { Env } from './env.ts';
import { UsageError } from './errors.ts';
import type { Log } from './log.ts';

/**
 * The pieces of a list flag such as `--env`, each NAME=VALUE, as variables; the last one of a name wins.
 * The list is split at every comma that is not in double quotes, so a piece that looks like the rest of a value is told:
 * without `=` it is a UsageError, with a name that is not in upper case a warning.
 */
export function readVariables(flag: string, pieces: readonly string[], log: Pick<Log, 'warn'>): Env {
  const env: Env = {};
  for (const [at, piece] of pieces.entries()) {
    const before = pieces[at - 1];
    const quoted = `${flag}='"${before === undefined ? piece : `${before},${piece}`}"'`;
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(piece) ?? [];
    if (name === undefined) {
      throw new UsageError(
        `${flag}: ${JSON.stringify(piece)} is not NAME=VALUE; a value with a comma is quoted: ${quoted}`,
      );
    }
    if (before !== undefined && name !== name.toUpperCase()) {
      log.warn(`${flag}: sets a variable ${name}; if it belongs to the value before it, quote the value: ${quoted}`);
    }
    env[name] = value;
  }
  return env;
}
