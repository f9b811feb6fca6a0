import { type Flags, namedFlags } from '../../api/flags.ts';
import { oneLine } from '../../text/truncate.ts';

/** The long names of all flags in some tables, with dashes. */
export function flagNames(tables: readonly Flags[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const table of tables)
    for (const { name, flag } of namedFlags(table))
      for (const each of [name, ...(flag.more.aliases ?? [])]) names.add(`--${each}`);
  return names;
}

/**
 * One sentence for each argument that is no flag and was clearly meant as one: `NAME=value` without dashes, and arguments
 * that begin with a dash that is not a hyphen, as text editors put it in place of two. Other strays are not mentioned.
 */
export function meantAsFlags(strays: readonly string[], flags: ReadonlySet<string>): string[] {
  return strays.flatMap((stray) => {
    const [dashes, rest = ''] = [OTHER_DASHES.exec(stray)?.[0], stray.replace(OTHER_DASHES, '')];
    if (dashes !== undefined)
      return [`${shown(stray)}: begins with ${codePoint(dashes)}, which is not the dash of flags; write --${rest}`];
    const name = `--${stray.split('=', 1)[0]}`;
    return stray.includes('=') && flags.has(name) ? [`${shown(stray)}: a flag takes two dashes, --${stray}`] : [];
  });
}

/** One sentence for each stray that is the name of a step, such as `up` in `kind up`. */
export function meantAsSteps(strays: readonly string[]): string[] {
  return strays
    .filter((stray) => STEPS.includes(stray))
    .map((stray) => `${stray}: a flag takes two dashes, --${stray}`);
}

const STEPS = ['build', 'up', 'test', 'down', 'dry-run'];

/** Hyphens, dashes and the minus sign of Unicode, with hyphens that follow them. */
const OTHER_DASHES = /^[\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d][-\u2010-\u2015\u2212]*/;

const codePoint = (text: string): string =>
  `U+${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/** A sentence for the flags behind a second `--`, which a tester with flags of its own does not read. */
export function behindSecondDashes(args: readonly string[]): string[] {
  if (!args.some((arg) => arg.startsWith('-'))) return [];
  return [`arguments after a second -- are not read: ${shown(args.join(' '))}; remove that --`];
}

const shown = (arg: string): string => oneLine(arg, 120);
