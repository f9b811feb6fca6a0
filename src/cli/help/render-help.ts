import { styleText } from 'node:util';
import { type Flag, type Flags, namedFlags } from '../../api/flags.ts';

/** Where to read more; the last lines of every help. */
export const MORE =
  'More: docs/ of this package, and https://github.com/kubernetes-sigs/kubetest2 for what both share.';

/** The parts of a help text. */
export interface Help {
  /** The program as it was called, for instance `kubetest2-ts kind`. */
  readonly program: string;
  /** What follows the program's name, one line for each way to call it: `[flags] -- [tester args]`. */
  readonly usage: readonly string[];
  /** One or a few sentences about what it does, above the flags. */
  readonly about?: string;
  /** Whole command lines, below the sections. */
  readonly examples?: readonly string[];
  readonly sections: readonly HelpSection[];
  /** Lines below everything else, each wrapped. Default: where to read more. */
  readonly footer?: readonly string[];
  /** Columns of the terminal; see screenOf. */
  readonly width: number;
  /** Headings and flag names get colours. Default: false. */
  readonly colour?: boolean;
}

/** The flags of one owner. A flag with a group is listed under that heading instead of `title`. */
export interface HelpSection {
  readonly title: string;
  readonly flags: Flags;
}

/** The help text of a command, aligned to the terminal, with a newline at its end. Hidden flags are left out. */
export function renderHelp(help: Help): string {
  const { program, usage, about = '', examples = [], sections, footer = [MORE], width: columns, colour = false } = help;
  const heading = (title: string) => (colour ? styleText('bold', title, { validateStream: false }) : title);
  const groups = groupRows(sections);
  const labels = [...groups.values()].flat().map(({ label }) => label.length);
  const gutter = labelWidth(labels, columns);
  const blocks = [
    [heading('Usage:'), ...usage.flatMap((line) => usageLines(`${program} ${line}`.trimEnd(), columns))],
    ...(about === '' ? [] : [wrap(about, columns)]),
    ...Array.from(groups, ([title, rows]) => [
      heading(`${title}:`),
      ...rows.flatMap((row) => renderRow(row, gutter, columns, colour)),
    ]),
    ...(examples.length === 0
      ? []
      : [[heading('Examples:'), ...examples.flatMap((line) => exampleLines(line, columns))]]),
    ...footer.map((line) => wrap(line, columns)),
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** A usage line; the part that does not fit is continued, indented, on the next. */
function usageLines(usage: string, columns: number): string[] {
  const [first = '', ...rest] = wrap(usage, columns - 6);
  return [`  ${first}`, ...rest.map((line) => `      ${line}`)];
}

/** A command line to copy; a long one is continued after a backslash, as a shell reads it. */
export function exampleLines(example: string, columns: number): string[] {
  const [first = '', ...rest] = wrap(example, columns - 8);
  const lines = [`  ${first}`, ...rest.map((line) => `      ${line}`)];
  return lines.map((line, at) => (at === lines.length - 1 ? line : `${line} \\`));
}

interface Row {
  /** `  -v, --v int` */
  readonly label: string;
  readonly help: string;
}

function groupRows(sections: readonly HelpSection[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const { title, flags } of sections) {
    for (const { name, flag } of namedFlags(flags)) {
      if (flag.more.hidden) continue;
      const group = flag.more.group ?? title;
      const rows = groups.get(group) ?? [];
      rows.push({ label: flagLabel(name, flag), help: flagHelp(flag) });
      groups.set(group, rows);
    }
  }
  return groups;
}

/** `-v, --v int`, `--down[=string]`: a value in brackets is optional. */
function flagLabel(name: string, flag: Flag<unknown>): string {
  const short = flag.more.short === undefined ? '    ' : `-${flag.more.short}, `;
  const value = flag.hint === '' ? '' : flag.bare === undefined ? ` ${flag.hint}` : `[=${flag.hint}]`;
  return `  ${short}--${name}${value}`;
}

/** The help of a flag with its values, default and environment variable. */
export function flagHelp(flag: Flag<unknown>): string {
  const notes: string[] = [];
  const choices = (flag.choices ?? []).filter((choice) => choice !== '');
  if (flag.hint !== '' && choices.length > 0) notes.push(`one of ${choices.join(', ')}`);
  if (flag.hint !== '' && flag.bare !== undefined) notes.push(`${flag.bare} without a value`);
  if (flag.shown !== '') notes.push(`default ${flag.shown}`);
  if (flag.more.env !== undefined) notes.push(`env $${flag.more.env}`);
  return notes.length === 0 ? flag.help : `${flag.help} (${notes.join('; ')})`;
}

/** The column where the help texts start: wide enough for most labels, never more than two fifths of the line. */
function labelWidth(labels: readonly number[], columns: number): number {
  const most = Math.floor(columns * 0.4);
  return Math.max(8, ...labels.map((length) => length + 2).filter((length) => length <= most));
}

function renderRow({ label, help }: Row, gutter: number, columns: number, colour: boolean): string[] {
  const shown = colour ? label.replace(/-.*/, (flag) => styleText('cyan', flag, { validateStream: false })) : label;
  const indent = ' '.repeat(gutter);
  const lines = wrap(help, columns - gutter);
  if (label.length + 2 > gutter) return [shown, ...lines.map((line) => indent + line)];
  const [first = '', ...rest] = lines;
  const start = shown + ' '.repeat(gutter - label.length) + first;
  return [start.trimEnd(), ...rest.map((line) => indent + line)];
}

/** Breaks a text at spaces into lines of at most `width`; a word longer than that gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
