import type { Env } from './env.ts';
import { UsageError } from './errors.ts';
import type { Log } from './log.ts';

/**
 * The items of a list flag such as `--env`, each NAME=VALUE, as variables; the last one of a name wins.
 * With `from`, an item that is a NAME alone has its value from there; where it is not set, it is left out with a warning.
 * The list is split at every comma outside double quotes, so an item may be the rest of a value with a comma: an item
 * that does not begin with a name and `=` is a UsageError that shows the whole value in quotes, and a name that is not in
 * upper case causes a warning.
 */
export function readVariables(flag: string, items: readonly string[], log: Pick<Log, 'warn'>, from?: Env): Env {
  const env: Env = {};
  for (const [at, item] of items.entries()) {
    if (from && NAME.test(item)) {
      const value = from[item];
      if (value === undefined) log.warn(`Leaving out ${flag}=${item}: ${item} is not set in the environment`);
      else env[item] = value;
      continue;
    }
    const [, name, value = ''] = NAMED.exec(item) ?? [];
    if (name === undefined) {
      throw new UsageError(
        `invalid ${flag} ${JSON.stringify(item)}: expected NAME=VALUE; quote a value with a comma: ${quoted(flag, whole(items, at))}`,
      );
    }
    const before = items[at - 1];
    if (before !== undefined && name !== name.toUpperCase()) {
      const hint = quoted(flag, `${before},${item}`);
      log.warn(`${flag} sets the variable ${name}; if this is part of the previous value, quote it: ${hint}`);
    }
    env[name] = value;
  }
  return env;
}

const NAME = /^[A-Za-z_]\w*$/;
const NAMED = /^([A-Za-z_][\w.-]*)=(.*)$/s;

/** The value that the item at `at` is a part of: from the last item with a name to the next one. */
function whole(items: readonly string[], at: number): string {
  const start = Math.max(
    items.slice(0, at).findLastIndex((item) => NAMED.test(item)),
    0,
  );
  const next = items.findIndex((item, index) => index > at && NAMED.test(item));
  return items.slice(start, next < 0 ? items.length : next).join(',');
}

/** The form in which a list flag keeps the commas of a value, quoted for a shell. */
const quoted = (flag: string, value: string): string =>
  `${flag}='"${value.replaceAll('"', '""').replaceAll("'", `'\\''`)}"'`;
