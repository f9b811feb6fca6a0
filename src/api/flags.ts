import type { Duration } from './duration.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { Env } from './env.ts';

/**
 * One flag, declared once: parsing, `--help`, completion, the reference pages and the type of its value come from here.
 * Its name is derived from its key in the table: `imageName` is `--image-name`.
 */
export interface Flag<T> {
  /** The kind of value in help: `string`, `int`, `duration` …; empty for toggles. */
  readonly hint: string;
  /** One or two sentences for help: imperative or noun phrase. */
  readonly help: string;
  readonly fallback: T;
  /**
   * The value of one occurrence. `before` is the value of earlier occurrences, undefined at the first.
   * Throws an Error whose message completes `expected …`: `a whole number`.
   */
  readonly parse: (text: string, before: T | undefined) => T;
  /** The default as shown in help and reference; empty for none. */
  readonly shown: string;
  /** The value of the flag when it stands alone (`--up`); absent for flags that need a value. */
  readonly bare?: string;
  /** The allowed values, where they are few; for help and completion. */
  readonly choices?: readonly string[];
  readonly more: FlagExtras;
}

export interface FlagExtras {
  /** One letter. */
  readonly short?: string;
  /** The name of the flag where it does not follow from its key, for instance `log_dir`. */
  readonly name?: string;
  /** Further names of the same flag. */
  readonly aliases?: readonly string[];
  /** The heading under which help lists it. Default: the heading of its owner. */
  readonly group?: string;
  /** The environment variable with the default, when it is set and not empty. */
  readonly env?: string;
  /** A common flag that the help of every deployer lists; `options` lists all of them. */
  readonly brief?: boolean;
  /** Accepted because jobs set it, left out of help and completion. */
  readonly hidden?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds flags of any type; Values restores the type of each.
export type Flags = Readonly<Record<string, Flag<any>>>;
export type Values<F extends Flags> = { readonly [K in keyof F]: F[K] extends Flag<infer T> ? T : never };

/** A string, unchanged. */
export const text = (help: string, fallback = '', more: FlagExtras = {}): Flag<string> => ({
  hint: 'string',
  help,
  fallback,
  parse: (text) => text,
  shown: fallback,
  more,
});

/** A whole number in Go's base 0: `12`, `-3`, `0x10`, `010` (8), `0b11`, `1_000`. */
export const count = (help: string, fallback = 0, more: FlagExtras = {}): Flag<number> => ({
  hint: 'int',
  help,
  fallback,
  parse: (text) => {
    const value = parseGoInt(text);
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
  parse: (text) => {
    const value = parseGoBool(text);
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
  parse: (text) => {
    const value = parseDuration(text);
    if (value !== undefined && value < 0) throw new Error('a duration that is not negative');
    if (value === undefined) throw new Error('a duration such as 90s, 15m or 1h30m');
    return value;
  },
  // A getter: the table is created at every start, and only help formats defaults.
  get shown() {
    return fallback === 0 ? '' : formatDuration(fallback);
  },
  more,
});

/** One of a few values. `bare` is the value of the flag when it stands alone, `also` maps further spellings to values. */
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
    parse: (text) => {
      const value = choices.find((choice) => choice === text) ?? also[text];
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
 * Strings, repeatable, each occurrence split at commas; an item in double quotes keeps its commas (`--env='"A=x,y"'`),
 * quotes elsewhere are ordinary characters.
 */
export const list = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'strings',
  help,
  fallback: [],
  parse: (text, before = []) => [...before, ...splitList(text)],
  shown: '',
  more,
});

/**
 * Variables as `list` reads them, for a flag `--env`: NAME=VALUE or NAME alone. A NAME alone has an occurrence to itself: behind a comma it
 * would be the rest of a value without its quotes.
 */
export const variables = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  ...list(help, more),
  parse: (value, before = []) => {
    const items = splitList(value);
    const [alone] = items.length > 1 ? items.filter((item) => !item.includes('=')) : [];
    if (alone !== undefined) {
      throw new Error(`NAME=VALUE instead of ${JSON.stringify(alone)}; quote a value with a comma: --env='"${value}"'`);
    }
    return [...before, ...items];
  },
});

/** Strings, repeatable, each occurrence one CSV record as Go's pflag parses it. */
export const csv = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'strings',
  help,
  fallback: [],
  parse: (text, before = []) => [...before, ...splitCsv(text)],
  shown: '',
  more,
});

/** Strings, repeatable, each occurrence one value, unchanged. */
export const each = (help: string, more: FlagExtras = {}): Flag<readonly string[]> => ({
  hint: 'string',
  help: `${help} Repeatable.`,
  fallback: [],
  parse: (text, before = []) => [...before, text],
  shown: '',
  more,
});

/** The same flag without a default: undefined means not set. */
export const optional = <T>(flag: Flag<T>): Flag<T | undefined> => ({ ...flag, fallback: undefined, shown: '' });

/** The default of every flag in a table. */
export const fallbacks = <F extends Flags>(flags: F): Values<F> =>
  Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, flag.fallback])) as Values<F>;

/** The name of a flag without dashes: `image-name` for the key `imageName`. */
export function flagName(key: string, flag: Flag<unknown>): string {
  return flag.more.name ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Each flag of a table with its name. */
export function* namedFlags(flags: Flags): Generator<{ key: string; name: string; flag: Flag<unknown> }> {
  for (const [key, flag] of Object.entries(flags)) yield { key, name: flagName(key, flag), flag };
}

/** The value of a flag that is not on the command line: from its environment variable, else its default. Throws as `parse` does. */
export function fallbackOf<T>(flag: Flag<T>, env: Env): T {
  const value = flag.more.env === undefined ? undefined : env[flag.more.env];
  return value === undefined || value === '' ? flag.fallback : flag.parse(value, undefined);
}

/** Go's `strconv.ParseInt(text, 0, 64)`; undefined for what it rejects and for integers a double cannot hold exactly. */
export function parseGoInt(text: string): number | undefined {
  const match = /^([+-]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/.exec(text);
  if (match === null) return undefined;
  const digits = (match[2] ?? '').replaceAll('_', '');
  const value = Number(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (!Number.isSafeInteger(value)) return undefined;
  return match[1] === '-' ? -value : value;
}

/** Go's `strconv.ParseBool`; undefined for what it rejects. */
export function parseGoBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false;
  return undefined;
}

function splitList(text: string): string[] {
  const items: string[] = [];
  let rest = text;
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?:,|$)/.exec(rest);
    const end = quoted ? quoted[0].length : rest.indexOf(',') + 1 || rest.length;
    const last = quoted ? !quoted[0].endsWith(',') : !rest.slice(0, end).endsWith(',');
    items.push(quoted ? (quoted[1] ?? '').replaceAll('""', '"') : rest.slice(0, last ? end : end - 1));
    if (last) return items;
    rest = rest.slice(end);
  }
}

function splitCsv(text: string): string[] {
  if (text === '') return [];
  const items: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",][^",]*|))(,|$)/.exec(rest);
    if (match === null)
      throw new Error('a comma-separated list with double quotes around items that contain a comma or a quote');
    items.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') return items;
    rest = rest.slice(match[0].length);
  }
}
