import { parseDuration } from '../../src/api/duration.ts';
import { type Flag, type Flags, namedFlags } from '../../src/api/flags.ts';

interface Named {
  readonly name: string;
  readonly flag: Flag<unknown>;
}

/**
 * What pflag makes of a command line, told in another way than the program has it: each flag that is typed, with its
 * value. Words it knows nothing about are passed over.
 */
export function pflagValues(tables: readonly Flags[], words: readonly string[]): Map<string, unknown> {
  const flags = byWord(tables);
  const values = new Map<string, unknown>();
  const rest = [...(words.includes('--') ? words.slice(0, words.indexOf('--')) : words)];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [, name = '', attached] = /^(-[^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    const found = flags.get(name);
    if (found === undefined) continue;
    const text = attached ?? found.flag.bare ?? rest.shift() ?? '';
    values.set(found.name, goValue(found.flag, text, values.get(found.name)));
  }
  return values;
}

function byWord(tables: readonly Flags[]): ReadonlyMap<string, Named> {
  const all = tables.flatMap((table) => [...namedFlags(table)]);
  return new Map(
    all.flatMap(({ name, flag }) => {
      const { aliases = [], short } = flag.more;
      const typed = [...[name, ...aliases].map((each) => `--${each}`), ...(short === undefined ? [] : [`-${short}`])];
      return typed.map((word): [string, Named] => [word, { name, flag }]);
    }),
  );
}

function goValue({ hint, choices }: Flag<unknown>, text: string, before: unknown): unknown {
  if (hint === 'int') return Number(text);
  if (hint === 'duration') return parseDuration(text);
  if (hint === 'strings') return [...(Array.isArray(before) ? before : []), ...text.split(',')];
  if (hint === '' && choices?.includes('true')) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
  return choices?.includes('always') && text === 'true' ? 'always' : text;
}
