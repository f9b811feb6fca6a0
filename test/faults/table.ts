import { modes as allModes } from './modes.ts';
import type { Result } from './run-point.ts';

/** How many points hold, a row for each scenario and a column for each mode, as lines of Markdown. */
export function table(results: readonly Result[]): string[] {
  const scenarios = unique(results.map(({ point }) => point.scenario.name)).toSorted((a, b) => a.localeCompare(b));
  const tried = new Set(results.map(({ point }) => point.mode.name));
  const modes = allModes.map(({ name }) => name).filter((name) => tried.has(name));
  const cell = (some: readonly Result[]): string =>
    some.length === 0 ? '' : `${some.filter(({ findings }) => findings.length === 0).length}/${some.length}`;
  const row = (name: string, some: readonly Result[]): string[] => [
    name,
    ...modes.map((mode) => cell(some.filter(({ point }) => point.mode.name === mode))),
    cell(some),
  ];
  const rows = [
    ['', ...modes, 'all'],
    ...scenarios.map((name) =>
      row(
        name,
        results.filter(({ point }) => point.scenario.name === name),
      ),
    ),
    row('all', results),
  ];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(3, ...rows.map((each) => each[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, at) => text.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body.map(line)];
}

/** The command that tries one point again. */
export const commandOf = ({ point }: Result): string =>
  `npm run faults -- --scenario=${point.scenario.name} --mode=${point.mode.name} --at=${point.at}`;

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
