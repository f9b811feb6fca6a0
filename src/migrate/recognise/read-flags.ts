import { closestName } from '../../text/closest-name.ts';
import type { Word } from '../read/job.ts';
import type { FlagTable } from './legacy-flags.ts';

/** One occurrence of a legacy flag. */
export interface Given {
  /** With its dashes: `--gcp-zone`. */
  readonly flag: string;
  readonly name: string;
  /** Undefined where it stands alone. */
  readonly value: string | undefined;
  /** The words it is made of. */
  readonly words: readonly Word[];
  /** False when none of the tables has it. */
  readonly known: boolean;
  /** The known flag its name is nearest to, when it is unknown. */
  readonly near?: string | undefined;
}

export interface FlagReading {
  readonly flags: readonly Given[];
  /** Words that are neither flags nor values. */
  readonly strays: readonly Word[];
}

/**
 * Reads words as argparse and pflag do: `--a=b`, `--a b` for flags that take a value, bare booleans.
 * The first table that has a name decides how it takes its value.
 */
export function readFlags(words: readonly Word[], tables: readonly FlagTable[]): FlagReading {
  const flags: Given[] = [];
  const strays: Word[] = [];
  const queue = words.values();
  for (const word of queue) {
    const [, name, attached] = /^--?([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    if (name === undefined) {
      strays.push(word);
      continue;
    }
    const shape = tables.map((table) => table.get(name)).find((each) => each !== undefined);
    const next = shape === 'value' && attached === undefined ? queue.next().value : undefined;
    const value = attached ?? next?.text;
    flags.push({
      flag: `--${name}`,
      name,
      value,
      words: next === undefined ? [word] : [word, next],
      known: shape !== undefined,
      ...(shape === undefined && { near: nearestFlag(name, tables) }),
    });
  }
  return { flags, strays };
}

function nearestFlag(name: string, tables: readonly FlagTable[]): string | undefined {
  const near = closestName(name, new Set(tables.flatMap((table) => [...table.keys()])));
  return near === undefined ? undefined : `--${near}`;
}
