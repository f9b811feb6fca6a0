import { lastCharacter, type MapNode, type Pair, pairAt } from '../read/syntax.ts';
import { columnOf, lineEnd, lineStart, nextLine, type TextEdit } from './text-edits.ts';

/** Sets and removes keys of a map in block style, keeping the lines of all others. */
export class MapEdits {
  readonly #text: string;
  readonly #map: MapNode;
  readonly #lineBreak: string;
  readonly #set = new Map<string, string>();
  readonly #removed = new Set<string>();

  constructor(text: string, map: MapNode, lineBreak: string) {
    this.#text = text;
    this.#map = map;
    this.#lineBreak = lineBreak;
  }

  has(key: string): boolean {
    return pairAt(this.#map, key) !== undefined;
  }

  /** @param rendered the value as YAML, on one line */
  set(key: string, rendered: string): void {
    this.#set.set(key, rendered);
  }

  remove(...keys: readonly string[]): void {
    for (const key of keys) if (this.has(key)) this.#removed.add(key);
  }

  /** @param after the key that new ones come behind; the last one when it is not there */
  edits(after?: string): TextEdit[] {
    const edits: TextEdit[] = [];
    const added = [...this.#set].filter(([key]) => !this.has(key));
    for (const [key, rendered] of this.#set) {
      const pair = pairAt(this.#map, key);
      if (pair) edits.push(this.#replace(pair, `${key}: ${rendered}`));
    }
    for (const key of this.#removed) {
      const pair = pairAt(this.#map, key);
      if (pair && !this.#set.has(key)) edits.push(this.#takeOut(pair, added));
    }
    return [...edits, ...this.#insert(added, after)];
  }

  #replace(pair: Pair, text: string): TextEdit {
    return { start: pair.key.start, end: this.#end(pair), text };
  }

  #end({ key, value }: Pair): number {
    const end = Math.max(key.end, lastCharacter(value));
    return this.#text[end - 1] === '\n' ? end - 1 : Math.max(end, this.#text.indexOf(':', key.end) + 1);
  }

  /** A pair on lines of its own goes with them; one behind a dash makes room for a new pair, or for the next. */
  #takeOut(pair: Pair, added: [string, string][]): TextEdit {
    const start = lineStart(this.#text, pair.key.start);
    const end = this.#end(pair);
    if (this.#text.slice(start, pair.key.start).trim() === '')
      return { start, end: nextLine(this.#text, end), text: '' };
    const instead = added.shift();
    if (instead) return { start: pair.key.start, end, text: `${instead[0]}: ${instead[1]}` };
    const next = this.#map.pairs.find(({ key }) => key.start > pair.key.start && !this.#removed.has(key.value));
    return { start: pair.key.start, end: next?.key.start ?? end, text: '' };
  }

  #insert(added: readonly [string, string][], after: string | undefined): TextEdit[] {
    if (added.length === 0) return [];
    const wanted = after === undefined ? undefined : pairAt(this.#map, after);
    const stays = (pair: Pair) => !this.#removed.has(pair.key.value) || this.#set.has(pair.key.value);
    const before = wanted && stays(wanted) ? wanted : this.#map.pairs.findLast(stays);
    const [first] = this.#map.pairs;
    if (!first) return [];
    if (!before) return [this.#insertFirst(added, first)];
    const indent = ' '.repeat(columnOf(this.#text, first.key.start));
    const end = lineEnd(this.#text, this.#end(before));
    return [
      { start: end, end, text: added.map(([key, value]) => `${this.#lineBreak}${indent}${key}: ${value}`).join('') },
    ];
  }

  /** New pairs of a map of which none stays. */
  #insertFirst(added: readonly [string, string][], first: Pair): TextEdit {
    const start = lineStart(this.#text, first.key.start);
    const indent = ' '.repeat(columnOf(this.#text, first.key.start));
    const text = added.map(([key, value]) => `${indent}${key}: ${value}${this.#lineBreak}`).join('');
    return { start, end: start, text };
  }
}
