import type { Duration } from './duration.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { Env } from './env.ts';

/**
 * One flag, declared once: parsing, `--help`, completion, the reference pages and the typed value all come from here.
 * Its typed name is computed from its key in the table: `imageName` is `--image-name`.
 */
export interface Flag<T> {
  /** Shown for the value in help: `string`, `int`, `duration` …; empty for toggles. */
  readonly hint: string;
  /** Meaning, in a sentence or two. */
  readonly help: string;
  readonly fallback: T;
  /**
   * The value of one occurrence. `before` is the value of earlier occurrences, undefined at the first.
   * Throws an Error whose message says what is allowed.
   */
  readonly parse: (text: string, before: T | undefined) => T;
  /** The default as help and reference show it; empty for none. */
  readonly shown: string;
  /** What the flag means without a value (`--up`); absent for flags that need one. */
  readonly bare?: string;
  /** The values completion offers, where they are few. */
  readonly choices?: readonly string[];
  readonly more: FlagExtras;
}

export interface FlagExtras {
  /** One letter. */
  readonly short?: string;
  /** The typed name where it cannot be computed, for instance `log_dir`. */
  readonly name?: string;
  /** Further names that mean the same. */
  readonly aliases?: readonly string[];
  /** The heading under which help lists it; the owner's own when absent. */
  readonly group?: string;
  /** The environment variable that gives the default when it is set and not empty. */
  readonly env?: string;
  /** Of the common flags, one that the help of every deployer lists; `options` lists all of them. */
  readonly brief?: boolean;
  /** Accepted because job lines carry it, left out of `--help`. */
  readonly hidden?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of any type; Values gives each its own back.
export type Flags = Readonly<Record<string, Flag<any>>>;
export type Values<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** A string, as it is typed. */
export const text = (help: string, fallback = '', more: FlagExtras = {}): Flag<string> => ({
  hint: 'string',
  help,
  fallback,
  parse: (typed) => typed,
  shown: fallback,
  more,
});

/** A whole number in Go's base 0: `12`, `-3`, `0x10`, `010` (8), `0b11`, `1_000`. */
export const count = (help: string, fallback = 0, more: FlagExtras = {}): Flag<number> => ({
  hint: 'int',
  help,
  fallback,
  parse: (typed) => {
    const value = parseGoInt(typed);
    if (value === undefined) throw new Error('a whole number');
    return value;
  },
  shown: fallback === 0 ? '' : String(fallback),
  more,
});

/** A Go boolean: `1 t T TRUE true True` and `0 f F FALSE false False`; without a value it is true. */
export const toggle = (help: string, fallback = false, more: FlagExtras = {}): Flag<boolean> => ({
  hint: '',
  help,
  fallback,
  parse: (typed) => {
    const value = parseGoBool(typed);
    if (value === undefined) throw new Error('true or false');
    return value;
  },
  shown: fallback ? 'true' : '',
  bare: 'true',
  choices: ['true', 'false'],
  more,
});

/** A Go duration such as `1h30m`, in milliseconds. `0` means no limit where the help says so. */
export const duration = (help: string, fallback: Duration = 0, more: FlagExtras = {}): Flag<Duration> => ({
  hint: 'duration',
  help,
  fallback,
  parse: (typed) => {
    const value = parseDuration(typed);
    if (value === undefined) throw new Error('a duration such as 90s, 15m or 1h30m');
    return value;
  },
  // Worked out when somebody reads it: this table is made at every start.
  get shown() {
    return fallback === 0 ? '' : formatDuration(fallback);
  },
  more,
});

/** One of a few words; `bare` is what the flag means without a value. */
export const oneOf = <const C extends readonly string[]>(
  help: string,
  choices: C,
  fallback: C[number],
  more: FlagExtras & { readonly bare?: C[number]; readonly also?: Readonly<Record<string, C[number]>> } = {},
): Flag<C[number]> => {
  const { bare, also = {}, ...extras } = more;
  return {
    hint: 'string',
    help,
    fallback,
    parse: (typed) => {
      const value = choices.find((choice) => choice === typed) ?? also[typed];
      if (value === undefined) throw new Error(`one of ${choices.filter((choice) => choice !== '').join(', ')}`);
      return value;
    },
    shown: fallback,
    ...(bare === undefined ? {} : { bare }),
    choices,
    more: extras,
  };
};

/**
 * Strings, repeatable, each occurrence split at commas; a piece in double quotes keeps its commas (`--env='"A=x,y"'`),
 * quotes elsewhere are ordinary characters.
 */
export const list = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'strings',
  help,
  fallback: [],
  parse: (typed, before = []) => [...before, ...splitList(typed)],
  shown: '',
  more,
});

/** Strings, repeatable, each occurrence one record of CSV as Go's pflag reads it. */
export const csv = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'strings',
  help,
  fallback: [],
  parse: (typed, before = []) => [...before, ...splitCsv(typed)],
  shown: '',
  more,
});

/** Strings, repeatable, each occurrence one value as it is typed. */
export const each = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'string',
  help: `${help} Repeatable.`,
  fallback: [],
  parse: (typed, before = []) => [...before, typed],
  shown: '',
  more,
});

/** The same flag with no default: undefined means that it was not given. */
export const optional = <T>(flag: Flag<T>): Flag<T | undefined> => ({ ...flag, fallback: undefined, shown: '' });

/** The default of every flag in a table. */
export const fallbacks = <F extends Flags>(flags: F): Values<F> =>
  Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, flag.fallback])) as Values<F>;

/** `imageName` is typed `--image-name`. */
export function flagName(key: string, flag: Flag<unknown>): string {
  return flag.more.name ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Each flag of a table with the name it is typed by. */
export function* namedFlags(flags: Flags): Generator<{ key: string; name: string; flag: Flag<unknown> }> {
  for (const [key, flag] of Object.entries(flags)) yield { key, name: flagName(key, flag), flag };
}

/** The value of a flag nobody typed: its environment twin's, else the declared default. Throws as `parse` does. */
export function fallbackOf<T>(flag: Flag<T>, env: Env): T {
  const twin = flag.more.env === undefined ? undefined : env[flag.more.env];
  return twin === undefined || twin === '' ? flag.fallback : flag.parse(twin, undefined);
}

/** Go's `strconv.ParseInt(text, 0, 64)`, as far as a double holds it exactly. */
export function parseGoInt(typed: string): number | undefined {
  const match = /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/.exec(typed);
  if (match === null) return undefined;
  const digits = (match[2] ?? '').replaceAll('_', '');
  const value = Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return match[1] === '-' ? -value : value;
}

/** Go's `strconv.ParseBool`. */
export function parseGoBool(typed: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(typed)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(typed)) return false;
  return undefined;
}

function splitList(typed: string): string[] {
  const pieces: string[] = [];
  let rest = typed;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?:,|$)/.exec(rest);
    const end = quoted ? quoted[0].length : rest.indexOf(',') + 1 || rest.length;
    const last = quoted ? !quoted[0].endsWith(',') : !rest.slice(0, end).endsWith(',');
    pieces.push(quoted ? (quoted[1] ?? '').replaceAll('""', '"') : rest.slice(0, last ? end : end - 1));
    if (last) return pieces;
    rest = rest.slice(end);
  }
}

function splitCsv(typed: string): string[] {
  if (typed === '') return [];
  const pieces: string[] = [];
  let rest = typed;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",][^",]*|))(,|$)/.exec(rest);
    if (match === null)
      throw new Error('a comma-separated list in which a word with a comma or a quote is put in double quotes');
    pieces.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') return pieces;
    rest = rest.slice(match[0].length);
  }
}
