import yargsParser from 'yargs-parser/browser';
import type { Env } from '../../api/env.ts';
import { messageOf } from '../../api/errors.ts';
import { type Flag, type Flags, fallbackOf, namedFlags, type Values } from '../../api/flags.ts';
import { closestName } from '../../text/closest-name.ts';

/** A parsed command line: each owner of flags with its own typed values. */
export interface Parsed<O extends Readonly<Record<string, Flags>>> {
  readonly values: { readonly [K in keyof O]: Values<O[K]> };
  /** The names of the flags on the command line. */
  readonly specified: ReadonlySet<string>;
  /** Arguments that are neither flags nor values; jobs contain such strays. */
  readonly positionals: readonly string[];
  /** The arguments after the first `--`. */
  readonly afterDashes: readonly string[];
  /** One sentence for each error; the values of those flags are their defaults. */
  readonly faults: readonly string[];
}

/** Precedes each value on its way through yargs-parser, which would strip a pair of quotes around a whole value. */
const GUARD = ':';

interface Declared {
  readonly owner: string;
  readonly key: string;
  readonly name: string;
  readonly flag: Flag<unknown>;
}

/**
 * Parses arguments as Go's pflag does: `--flag=value`, `--flag value`, `--toggle` (never takes the next argument), `-v=2`,
 * `-v 2`, a value may start with a dash, flags and positionals in any order, the last value wins.
 * `explain` says where a flag (`--name`) belongs that no owner has, if it knows.
 * Throws an Error when two owners declare the same name: a mistake in the program, not on the command line.
 */
export function parseFlags<const O extends Readonly<Record<string, Flags>>>(
  owners: O,
  args: readonly string[],
  env: Env,
  explain: (name: string) => string | undefined = () => undefined,
): Parsed<O> {
  const declared = declare(owners);
  const faults: string[] = [];
  const split = splitArgs(args, declared, explain, faults);
  const parsed = yargsParser(split.canonical, {
    string: [...new Set(Array.from(declared.values(), ({ name }) => name))],
    configuration: {
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': true,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
    },
  }) as Readonly<Record<string, unknown>>;

  const specified = new Set<string>();
  const values: Record<string, Record<string, unknown>> = {};
  for (const owner of Object.keys(owners)) values[owner] = {};
  for (const { owner, key, name, flag } of new Set(declared.values())) {
    const occurrences = Object.hasOwn(parsed, name)
      ? [parsed[name]].flat().map((value) => String(value).slice(GUARD.length))
      : [];
    if (occurrences.length > 0) specified.add(name);
    const own = values[owner];
    if (own) own[key] = readValue(flag, name, occurrences, env, faults);
  }
  return {
    values: values as Parsed<O>['values'],
    specified,
    positionals: split.positionals,
    afterDashes: split.afterDashes,
    faults,
  };
}

function declare(owners: Readonly<Record<string, Flags>>): Map<string, Declared> {
  const declared = new Map<string, Declared>();
  for (const [owner, flags] of Object.entries(owners)) {
    for (const { key, name, flag } of namedFlags(flags)) {
      const entry = { owner, key, name, flag };
      const names = [name, ...(flag.more.aliases ?? [])].map((each) => `--${each}`);
      for (const each of flag.more.short === undefined ? names : [...names, `-${flag.more.short}`]) {
        const other = declared.get(each);
        if (other) throw new Error(`flag ${each} is declared by ${other.owner} and by ${owner}`);
        declared.set(each, entry);
      }
    }
  }
  return declared;
}

function readValue(
  flag: Flag<unknown>,
  name: string,
  occurrences: readonly string[],
  env: Env,
  faults: string[],
): unknown {
  let value: unknown;
  let text = '';
  try {
    if (occurrences.length === 0) {
      text = flag.more.env === undefined ? '' : (env[flag.more.env] ?? '');
      return fallbackOf(flag, env);
    }
    for (text of occurrences) value = flag.parse(text, value);
    return value;
  } catch (error) {
    const where = occurrences.length === 0 ? `$${flag.more.env}` : `--${name}`;
    faults.push(`invalid ${where} ${JSON.stringify(shorten(text))}: expected ${messageOf(error)}`);
    return flag.fallback;
  }
}

/** pflag's walk over the arguments: every flag becomes `--name=value` under its full name. */
function splitArgs(
  args: readonly string[],
  declared: ReadonlyMap<string, Declared>,
  explain: (name: string) => string | undefined,
  faults: string[],
) {
  const canonical: string[] = [];
  const positionals: string[] = [];
  const queue = args.values();
  const take = (entry: Declared, as: string, attached: string | undefined): void => {
    let value = attached ?? entry.flag.bare;
    if (value === undefined) {
      const next = queue.next();
      if (next.done) {
        faults.push(`${as} needs a value: ${as}=${entry.flag.hint.toUpperCase()}`);
        return;
      }
      value = next.value;
    }
    canonical.push(`--${entry.name}=${GUARD}${value}`);
  };
  for (const arg of queue) {
    if (arg === '--') break;
    if (!arg.startsWith('-') || arg === '-') positionals.push(arg);
    else if (arg.startsWith('--')) {
      const [, name = arg, value] = /^(--[^=]*)=(.*)$/s.exec(arg) ?? [];
      const entry = declared.get(name);
      if (entry) take(entry, name, value);
      else faults.push(unknown(name, declared, explain(name)));
    } else takeShort(arg, declared, take, faults);
  }
  return { canonical, positionals, afterDashes: [...queue] };
}

/** `-v=2`, `-v 2`, `-v2`, `-hv`: letters are toggles up to the first that needs a value, which takes the rest. */
function takeShort(
  arg: string,
  declared: ReadonlyMap<string, Declared>,
  take: (entry: Declared, as: string, attached: string | undefined) => void,
  faults: string[],
): void {
  for (let at = 1; at < arg.length; at += 1) {
    const short = `-${arg[at]}`;
    const entry = declared.get(short);
    if (!entry) {
      const long = `-${arg.replace(/=.*$/s, '')}`;
      faults.push(
        declared.has(long)
          ? `${shorten(arg)}: a long flag takes two dashes, -${shorten(arg)}`
          : `unknown flag ${short} in ${shorten(arg)}`,
      );
      return;
    }
    const rest = arg.slice(at + 1);
    if (rest.startsWith('=')) return take(entry, short, rest.slice(1));
    if (entry.flag.bare === undefined) return take(entry, short, rest === '' ? undefined : rest);
    take(entry, short, undefined);
  }
}

function unknown(name: string, declared: ReadonlyMap<string, Declared>, explained: string | undefined): string {
  if (explained !== undefined) return `unknown flag ${shorten(name)}: ${explained}`;
  const names = [...declared.keys()].filter((each) => each.startsWith('--'));
  const shown = names.filter((each) => declared.get(each)?.flag.more.hidden !== true);
  const hint = beginning(name, shown) ?? closestName(name, names);
  return `unknown flag ${shorten(name)}${hint === undefined ? '' : `; did you mean ${hint}?`}`;
}

/** The only flag that continues a name at a dash: `--focus-regex` for `--focus`, and for `--ginkgo.focus`. */
function beginning(name: string, names: readonly string[]): string | undefined {
  const plain = name.replace(/^--\w+\./, '--');
  const longer = names.filter((each) => each === plain || each.startsWith(`${plain}-`));
  return longer.length === 1 ? longer[0] : undefined;
}

/** An argument short enough for an error message. */
function shorten(arg: string): string {
  return arg.length > 120 ? `${arg.slice(0, 120)}…` : arg;
}
