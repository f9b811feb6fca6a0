import { Refused } from '../draft/refused.ts';
import type { Word } from '../read/job.ts';
import { lastCharacter, type Node, type SeqNode } from '../read/syntax.ts';
import type { Remarks } from './comments.ts';
import { renderScalar } from './scalar.ts';
import { columnOf, lineEnd, lineStart, nextLine, type TextEdit } from './text-edits.ts';

/** A new item of a list, with the comments that go with it. */
export interface NewItem {
  readonly text: string;
  /** The word it stands for unchanged, whose way of writing is kept. */
  readonly same?: Word | undefined;
  readonly above: readonly string[];
  readonly behind: string | undefined;
}

/** How far before its item a dash can stand: a line break and the indentation. */
const FARTHEST = 500;

/** Where the dash of each item of a block sequence stands. Throws Refused when something else stands before an item. */
export function dashOf(text: string, item: Node): number {
  const from = Math.max(0, item.start - FARTHEST);
  const before = text.slice(from, item.start);
  const dash = /-[ \t]*(?:\r?\n[ \t]*)?$/.exec(before);
  if (!dash)
    throw new Refused(
      'an item of the list with an anchor, a tag or a comment before it',
      'write it without, then migrate',
    );
  return from + dash.index;
}

/** The comments of every word of a list in block style. */
export function remarksOf(text: string, list: SeqNode, keyEnd: number): Remarks[] {
  let from = nextLine(text, keyEnd);
  return list.items.map((item) => {
    const start = lineStart(text, dashOf(text, item));
    const above = text.slice(from, start).split(/\r?\n/).slice(0, -1);
    const end = itemEnd(text, item);
    const [, behind] = /^[ \t]+(#.*)$/.exec(text.slice(item.end, lineEnd(text, end))) ?? [];
    from = nextLine(text, end);
    return { above, behind: item.end > lineEnd(text, end) ? undefined : behind };
  });
}

/** An offset on the last line of an item: a block scalar ends behind its line break. */
function itemEnd(text: string, item: Node): number {
  const end = lastCharacter(item);
  return end > item.start && text[end - 1] === '\n' ? end - 1 : end;
}

/** Replaces all items of a block sequence: its lines, from the one below its key to that of its last item. */
export function replaceBlock(
  text: string,
  list: SeqNode,
  keyEnd: number,
  items: readonly NewItem[],
  tail: readonly string[],
  lineBreak: string,
): TextEdit {
  const [first] = list.items;
  const last = list.items.at(-1);
  if (!first || !last) throw new Refused('an empty list', 'write its items, then migrate');
  const dash = dashOf(text, first);
  const indent = text.slice(lineStart(text, dash), dash);
  if (indent.trim() !== '' || lineStart(text, dash) <= keyEnd) {
    throw new Refused('a list that starts on the line of its key', 'put it on lines of its own, then migrate');
  }
  const lines = [
    ...items.flatMap((item) => [
      ...item.above.map((line) => reindent(line, indent)),
      `${indent}- ${render(text, item)}`,
    ]),
    ...tail.map((line) => reindent(line, indent)),
  ];
  return { start: nextLine(text, keyEnd), end: lineEnd(text, itemEnd(text, last)), text: lines.join(lineBreak) };
}

/** A comment at the column of the items; lines that have a column already keep it. */
function reindent(line: string, indent: string): string {
  return line === '' || /^\s/.test(line) ? line : `${indent}${line}`;
}

function render(text: string, { text: value, same, behind }: NewItem): string {
  const source = same && same.node.end > same.node.start ? text.slice(same.node.start, same.node.end) : undefined;
  const scalar = source !== undefined && !source.includes('\n') && same?.text === value ? source : renderScalar(value);
  return behind === undefined ? scalar : `${scalar} ${behind}`;
}

/** The longest line a list in flow style may make. */
const FLOW_WIDTH = 120;

/** Replaces a sequence in flow style, when all of it fits its line. */
export function replaceFlow(text: string, list: SeqNode, items: readonly NewItem[]): TextEdit {
  const source = text.slice(list.start, list.end);
  const [open = '['] = /^\[[ \t]*/.exec(source) ?? [];
  const quote = list.items.every((item) => item.kind === 'scalar' && item.style === 'double');
  const replaced = `${open}${items.map((item) => flowScalar(text, item, quote)).join(', ')}${open.slice(1)}]`;
  const line = text.slice(lineStart(text, list.start), lineEnd(text, list.end));
  const width = columnOf(text, list.start) + replaced.length;
  if (source.includes('\n') || width > Math.max(FLOW_WIDTH, line.length)) {
    throw new Refused(
      'flow style: the new arguments do not fit the line of the old ones',
      'write args in block style, one argument a line, then migrate',
    );
  }
  return { start: list.start, end: list.end, text: replaced };
}

function flowScalar(text: string, { text: value, same }: NewItem, quote: boolean): string {
  if (same && same.text === value) return text.slice(same.node.start, same.node.end);
  return quote ? JSON.stringify(value) : renderScalar(value, true);
}
