import { type Flags, namedFlags } from '../../api/flags.ts';

/** A completion of the argument under the cursor. */
export interface Candidate {
  readonly value: string;
  /** Its meaning in one line, or empty. */
  readonly help: string;
}

/** What is allowed at a place of the command line. */
export interface Place {
  /** Arguments that are not flags: deployers, commands. */
  readonly names: readonly Candidate[];
  readonly flags: Flags;
  /** Values of flags that declare none, by the name of the flag: the testers for `test`. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
}

/**
 * The completions of the last of `args` at this place, in the order of declaration. yargs finds them, except for the value
 * after `--flag=`, which it does not complete. A flag that is valid without a value never takes the next argument.
 */
export async function complete(args: readonly string[], place: Place): Promise<Candidate[]> {
  const current = args.at(-1) ?? '';
  const help = new Map(place.names.map((each) => [each.value, each.help]));
  const { default: yargs } = await import('yargs');
  const parser = yargs([]).help(false).version(false).exitProcess(false);
  parser.parserConfiguration({ 'boolean-negation': false, 'camel-case-expansion': false, 'parse-numbers': false });
  for (const each of place.names) parser.command(each.value, each.help);
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
  const [, flag = '', begun] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (begun !== undefined)
    return (choices.get(flag) ?? []).map((value) => candidate(`${flag}=${value}`, '')).filter(fits(current));
  const found = await parser.getCompletion([...args]);
  return found.map((value) => candidate(value, help.get(value) ?? '')).filter(fits(current));
}

const candidate = (value: string, help: string): Candidate => ({ value, help });
const fits = (current: string) => (each: Candidate) => each.value.startsWith(current);
