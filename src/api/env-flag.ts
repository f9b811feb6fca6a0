import type { Env } from './env.ts';
import { UsageError } from './errors.ts';
import type { Log } from './log.ts';

/**
 * The items of a list flag such as `--env`, each NAME=VALUE, as variables; the last one of a name wins.
 * With `from`, an item that is a NAME alone has its value from there; where it is not set, it is left out with a warning.
 * The list is split at every comma outside double quotes, so an item may be the rest of a value with a comma: an item
 * without `=` is a UsageError, and a name that is not in upper case causes a warning.
 */
export function readVariables(flag: string, items: readonly string[], log: Pick<Log, 'warn'>, from?: Env): Env {
  const env: Env = {};
  for (const [at, item] of items.entries()) {
    const before = items[at - 1];
    const quoted = `${flag}='"${before === undefined ? item : `${before},${item}`}"'`;
    if (from && NAME.test(item)) {
      const value = from[item];
      if (value === undefined) log.warn(`Leaving out ${flag}=${item}: ${item} is not set in the environment`);
      else env[item] = value;
      continue;
    }
    const [, name, value = ''] = /^([^=]+)=(.*)$/s.exec(item) ?? [];
    if (name === undefined) {
      throw new UsageError(
        `invalid ${flag} ${JSON.stringify(item)}: expected NAME=VALUE; quote a value with a comma: ${quoted}`,
      );
    }
    if (before !== undefined && name !== name.toUpperCase()) {
      log.warn(`${flag} sets the variable ${name}; if this is part of the previous value, quote it: ${quoted}`);
    }
    env[name] = value;
  }
  return env;
}

const NAME = /^[A-Za-z_]\w*$/;
