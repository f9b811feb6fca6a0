import { type Flags, namedFlags } from '../../api/flags.ts';

/** A word that may stand where the cursor is. */
export interface Candidate {
  readonly word: string;
  /** What it means, in one line; empty when there is nothing to say. */
  readonly help: string;
}

/** What can be said at a place of the command line. */
export interface Place {
  /** Words with a meaning of their own: deployers, commands. */
  readonly words: readonly Candidate[];
  readonly flags: Flags;
  /** Values for flags that declare none of their own, by the flag's typed name: the testers for `test`. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What the last of `words` can become at this place, sorted as declared. yargs finds the candidates; the value after a
 * `--flag=` it does not know about. A flag that may stand without a value never takes the next word.
 */
export async function complete(words: readonly string[], place: Place): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const help = new Map(place.words.map((each) => [each.word, each.help]));
  const { default: yargs } = await import('yargs');
  const parser = yargs([]).help(false).version(false).exitProcess(false);
  parser.parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'parse-numbers': false });
  for (const { word } of place.words) parser.command(word, help.get(word) ?? '');
  const choices = new Map<string, readonly string[]>();
  for (const { name, flag } of namedFlags(place.flags)) {
    if (flag.more.hidden) continue;
    const values = (place.values?.[name] ?? flag.choices ?? []).filter((choice) => choice !== '');
    help.set(`--${name}`, flag.help);
    choices.set(`--${name}`, values);
    const takesNext = flag.bare === undefined;
    parser.option(name, {
      type: takesNext ? 'string' : 'boolean',
      ...(takesNext && values.length > 0 ? { choices: values } : {}),
    });
  }
  const [, flag = '', typed] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (typed !== undefined)
    return (choices.get(flag) ?? []).map((value) => candidate(`${flag}=${value}`, '')).filter(fits(current));
  const found = await parser.getCompletion([...words]);
  return found.map((word) => candidate(word, help.get(word) ?? '')).filter(fits(current));
}

const candidate = (word: string, help: string): Candidate => ({ word, help });
const fits = (current: string) => (each: Candidate) => each.word.startsWith(current);
