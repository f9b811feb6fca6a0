// Generates docs/reference/ from the declarations in the source. CI fails when the two differ.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registry } from '../bin/registry.ts';
import { exitCodes } from '../src/api/exit-codes.ts';
import { type Flag, type Flags, namedFlags } from '../src/api/flags.ts';
import { commands } from '../src/cli/commands/index.ts';
import { commandCommonFlags } from '../src/cli/flags/common-flags.ts';
import { klogFlags, launcherFlags } from '../src/cli/flags/launcher-flags.ts';
import { acquireFlags } from '../src/download/flags.ts';
import { environment } from './ci/environment.ts';

const directory = fileURLToPath(new URL('../docs/reference', import.meta.url));
const pages = new Map<string, string>();
const pluginVariables: string[][] = [];

const common = { ...launcherFlags, ...acquireFlags, ...klogFlags };
pages.set(
  'common-flags.md',
  page('Common flags', 'Every deployer takes these flags in addition to its own.', groupTables(common, 'Common')),
);
for (const { name, load } of registry.deployers) {
  const kind = await load();
  pluginVariables.push(...variables(`Deployer ${name}`, kind.flags));
  const usage = `\`kubetest2-ts ${name} [flags] [--test=TESTER -- tester args]\``;
  const text = [`${kind.summary}.`, usage, ...exampleBlock(kind.examples), groupTables(kind.flags, 'Flags')];
  pages.set(`deployer-${name}.md`, page(`Deployer ${name}`, ...text, 'See also the [common flags](common-flags.md).'));
}
for (const { name, load } of registry.testers) {
  const kind = await load();
  pluginVariables.push(...variables(`Tester ${name}`, kind.flags));
  const usage = `\`kubetest2-ts DEPLOYER [flags] --test=${name} ${kind.takesArgs ? '-- COMMAND [args]' : '-- [tester flags]'}\``;
  const text = [`${kind.summary}.`, usage, ...exampleBlock(kind.examples), groupTables(kind.flags, 'Flags')];
  pages.set(`tester-${name}.md`, page(`Tester ${name}`, ...text));
}
const sections: string[] = [];
for (const { name, summary, hidden, load } of commands) {
  if (hidden) continue;
  const { usage, about, examples, flags } = await load();
  sections.push(
    `## ${name}`,
    `${summary}.`,
    block(usage.map((line) => `kubetest2-ts ${line}`)),
    about,
    ...exampleBlock(examples),
    ...(Object.keys(flags).length === 0 ? [] : [flagTable([...namedFlags(flags)])]),
  );
}
pages.set(
  'commands.md',
  page(
    'Commands',
    'Every command takes these flags in addition to its own:',
    flagTable([...namedFlags(commandCommonFlags)]),
    ...sections,
  ),
);
const codes = Object.values(exitCodes).map(({ code, meaning }) => [code === 128 ? '128 + n' : String(code), meaning]);
pages.set(
  'exit-codes.md',
  page(
    'Exit codes',
    'The first error of a run decides.',
    table(['Code', 'Meaning'], codes),
    'With a deployer on PATH, the exit code is that of its program.',
    ...(await commandExitCodes()),
  ),
);
pages.set('environment.md', page('Environment', environmentTables()));
pages.set(
  'README.md',
  page(
    'Reference',
    'For users who look up a flag, a command, an exit code or a variable. Generated from the source by `npm run docs`.',
    index(),
  ),
);

rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
for (const [name, text] of pages) writeFileSync(join(directory, name), text);

/** One table for each command whose codes mean something else than those of a run. */
async function commandExitCodes(): Promise<string[]> {
  const tables = await Promise.all(
    commands.map(async ({ name, load }) => {
      const meanings = Object.entries((await load()).exitCodes ?? {});
      return meanings.length === 0 ? [] : [`## ${name}`, table(['Code', 'Meaning'], meanings)];
    }),
  );
  return tables.flat();
}

/** A table for each group of flags, under the group's heading; `title` for flags without a group. */
function groupTables(flags: Flags, title: string): string {
  const shown = [...namedFlags(flags)].filter(({ flag }) => !flag.more.hidden);
  const groups = Map.groupBy(shown, ({ flag }) => flag.more.group ?? title);
  const tables = Array.from(groups, ([group, rows]) => `## ${group}\n\n${flagTable(rows)}`);
  const hidden = [...namedFlags(flags)].filter(({ flag }) => flag.more.hidden).map(({ name }) => `\`--${name}\``);
  if (hidden.length > 0) tables.push(`Accepted and ignored, since jobs set them: ${hidden.join(', ')}.`);
  return tables.length === 0 ? 'It has no flags.' : tables.join('\n\n');
}

function flagTable(rows: readonly { readonly name: string; readonly flag: Flag<unknown> }[]): string {
  return table(
    ['Flag', 'Default', 'Meaning'],
    rows.map(({ name, flag }) => [flagCell(name, flag), flag.shown, meaning(flag)]),
  );
}

/** A block of shell commands, if there are any. */
function exampleBlock(examples: readonly string[] = []): string[] {
  return examples.length === 0 ? [] : [`Examples:\n\n${block(examples)}`];
}

function block(lines: readonly string[]): string {
  return ['```sh', ...lines, '```'].join('\n');
}

function flagCell(name: string, flag: Flag<unknown>): string {
  const value = flag.hint === '' ? '' : flag.bare === undefined ? `=${flag.hint}` : `[=${flag.hint}]`;
  const names = [...(flag.more.aliases ?? []).map((alias) => `\`--${alias}\``)];
  if (flag.more.short !== undefined) names.unshift(`\`-${flag.more.short}\``);
  return [`\`--${name}${value}\``, ...names].join(', ');
}

function meaning(flag: Flag<unknown>): string {
  const choices = (flag.choices ?? []).filter((choice) => choice !== '');
  return [
    flag.help,
    flag.hint !== '' && choices.length > 0 ? `One of ${choices.join(', ')}.` : '',
    flag.hint !== '' && flag.bare !== undefined ? `Without a value: ${flag.bare}.` : '',
    flag.more.env === undefined ? '' : `Environment: \`${flag.more.env}\`.`,
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function environmentTables(): string {
  const heads = ['Variable', 'Meaning'];
  const rows = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).map(([name, text]) => [`\`${name}\``, text]);
  return [
    `## Read by every call\n\n${table(heads, [...variables('', common), ...rows(environment.everywhere)])}`,
    `## Read by deployers and testers\n\n${table(heads, [...pluginVariables, ...rows(environment.parts)])}`,
    `## Set for testers and hooks\n\n${table(heads, rows(environment.given))}`,
  ].join('\n\n');
}

/** The variables that set the default of a flag. */
function variables(owner: string, flags: Flags): string[][] {
  return [...namedFlags(flags)]
    .filter(({ flag }) => flag.more.env !== undefined)
    .map(({ name, flag }) => [
      `\`${flag.more.env}\``,
      `${owner === '' ? 'The' : `${owner}: the`} default of \`--${name}\`.`,
    ]);
}

function index(): string {
  return Array.from(pages, ([name, text]) => `- [${text.slice(2, text.indexOf('\n'))}](${name})`).join('\n');
}

function page(title: string, ...parts: readonly string[]): string {
  return `# ${title}\n\n${parts.join('\n\n')}\n`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
