// Writes docs/reference/ from the declarations in the source. CI fails when the two differ.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { registry } from '../bin/registry.ts';
import { exitCodes } from '../src/api/exit-codes.ts';
import { type Flag, type Flags, namedFlags } from '../src/api/flags.ts';
import { klogFlags, launcherFlags } from '../src/cli/flags/launcher-flags.ts';
import { acquireFlags } from '../src/download/flags.ts';
import { environment } from './ci/environment.ts';

const folder = fileURLToPath(new URL('../docs/reference', import.meta.url));
const pages = new Map<string, string>();
const ownTwins: string[][] = [];

const common = { ...launcherFlags, ...acquireFlags, ...klogFlags };
pages.set('common-flags.md', page('Common flags', 'Every deployer takes these.', groupTables(common, 'Common')));
for (const { name, load } of registry.deployers) {
  const kind = await load();
  ownTwins.push(...twins(`Deployer ${name}`, kind.flags));
  const usage = `\`kubetest2-ts ${name} [flags] [--test=TESTER -- tester args]\``;
  const text = [`${kind.summary}.`, usage, groupTables(kind.flags, 'Flags')].join('\n\n');
  pages.set(`deployer-${name}.md`, page(`Deployer ${name}`, text, 'It takes the [common flags](common-flags.md) too.'));
}
for (const { name, load } of registry.testers) {
  const kind = await load();
  ownTwins.push(...twins(`Tester ${name}`, kind.flags));
  const usage = `\`kubetest2-ts DEPLOYER [flags] --test=${name} ${kind.takesArgs ? '-- COMMAND [args]' : '-- [tester flags]'}\``;
  const text = [`${kind.summary}.`, usage, groupTables(kind.flags, 'Flags')].join('\n\n');
  pages.set(`tester-${name}.md`, page(`Tester ${name}`, text));
}
const codes = Object.values(exitCodes).map(({ code, meaning }) => [code === 128 ? '128 + n' : String(code), meaning]);
pages.set(
  'exit-codes.md',
  page(
    'Exit codes',
    'The first cause decides.',
    table(['Code', 'Meaning'], codes),
    'A deployer on PATH gives its own.',
  ),
);
pages.set('environment.md', page('Environment', environmentTables()));
pages.set('README.md', page('Reference', 'Generated from the source by `npm run docs`.', index()));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [name, text] of pages) writeFileSync(join(folder, name), text);

/** A table of flags for each of their groups, those without a group first. */
function groupTables(flags: Flags, title: string): string {
  const shown = [...namedFlags(flags)].filter(({ flag }) => !flag.more.hidden);
  const groups = Map.groupBy(shown, ({ flag }) => flag.more.group ?? title);
  const tables = Array.from(groups, ([group, rows]) => {
    const cells = rows.map(({ name, flag }) => [flagCell(name, flag), flag.shown, meaning(flag)]);
    return `## ${group}\n\n${table(['Flag', 'Default', 'Meaning'], cells)}`;
  });
  const hidden = [...namedFlags(flags)].filter(({ flag }) => flag.more.hidden).map(({ name }) => `\`--${name}\``);
  if (hidden.length > 0) tables.push(`Accepted because job lines carry them, without effect: ${hidden.join(', ')}.`);
  return tables.length === 0 ? 'It has no flags of its own.' : tables.join('\n\n');
}

function flagCell(name: string, flag: Flag<unknown>): string {
  const value = flag.hint === '' ? '' : flag.bare === undefined ? `=${flag.hint}` : `[=${flag.hint}]`;
  const names = [...(flag.more.aliases ?? []).map((alias) => `\`--${alias}\``)];
  if (flag.more.short !== undefined) names.unshift(`\`-${flag.more.short}\``);
  return [`\`--${name}${value}\``, ...names].join(', ');
}

function meaning(flag: Flag<unknown>): string {
  const words = (flag.choices ?? []).filter((choice) => choice !== '');
  return [
    flag.help,
    flag.hint !== '' && words.length > 0 ? `One of ${words.join(', ')}.` : '',
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
    `## Read by every call\n\n${table(heads, [...twins('', common), ...rows(environment.everywhere)])}`,
    `## Read by deployers and testers\n\n${table(heads, [...ownTwins, ...rows(environment.parts)])}`,
    `## Given to testers and hooks\n\n${table(heads, rows(environment.given))}`,
  ].join('\n\n');
}

/** The variables that are the default of a flag. */
function twins(owner: string, flags: Flags): string[][] {
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
