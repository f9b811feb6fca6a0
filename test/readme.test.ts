import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { registry } from '../bin/registry.ts';
import { exitCodes } from '../src/api/exit-codes.ts';
import { klogFlags, launcherFlags } from '../src/cli/flags/launcher-flags.ts';
import { parseFlags } from '../src/cli/flags/parse.ts';
import { acquireFlags } from '../src/download/flags.ts';
import { shellSplit } from '../src/text/shell-split.ts';

const readme = readFileSync('README.md', 'utf8');
const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...globSync('docs/*.md'), 'docs/reference/README.md'];
const examples = Array.from(
  readme.matchAll(/`(?:kubetest2-ts|…) ([^`]*--test=[^`]* -- [^`]*|[^`]*--up[^`]*)`/g),
  ([, line = '']) => line,
);

describe('the README', () => {
  test.each(examples.map((line) => [line]))('shows a command line that is understood: %s', async (line) => {
    const words = shellSplit(line.startsWith('--') ? `noop ${line}` : line);
    const deployer = await registry.deployers.find(({ name }) => name === words[0])?.load();
    expect(deployer).toBeDefined();
    const flags = { launcher: launcherFlags, klog: klogFlags, acquire: acquireFlags, deployer: deployer?.flags ?? {} };
    const typed = parseFlags(flags, words.slice(1), {});
    expect([typed.faults, typed.positionals]).toEqual([[], []]);
    const tester = await registry.testers.find(({ name }) => name === typed.values.launcher.test)?.load();
    expect(tester).toBeDefined();
    if (tester?.takesArgs) return;
    const own = parseFlags({ tester: tester?.flags ?? {} }, typed.afterDashes, {});
    expect([own.faults, own.positionals]).toEqual([[], []]);
  });

  test('has an example for every deployer and tester', () => {
    const named = (name: string, tester: boolean) =>
      examples.some((line) => (tester ? line.includes(`--test=${name}`) : line.startsWith(`${name} `)));
    expect(registry.deployers.filter(({ name }) => !named(name, false))).toEqual([]);
    expect(registry.testers.filter(({ name }) => !named(name, true))).toEqual([]);
  });

  test('names every exit code', () => {
    const rows = Array.from(readme.matchAll(/^\| (\d+)(?: \+ n)? \|/gm), ([, code]) => Number(code));
    expect(rows).toEqual(Object.values(exitCodes).map(({ code }) => code));
  });

  test('links to every page', () => {
    const linked = linksOf('README.md').map(({ path }) => path);
    expect(pages.filter((page) => page !== 'README.md' && !linked.includes(page))).toEqual([]);
  });
});

describe('the pages', () => {
  test('link to files and headings that exist', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page)
        .filter(({ path, heading }) => !existsSync(path) || (heading !== undefined && !headingsOf(path).has(heading)))
        .map(({ path, heading }) => `${page}: ${path}${heading === undefined ? '' : `#${heading}`}`),
    );
    expect(broken).toEqual([]);
  });

  test('say at their top whom they are for', () => {
    // These two are lists of facts about the program.
    const lists = ['docs/performance.md', 'docs/dependencies.md'];
    const silent = pages.filter((page) => !lists.includes(page) && !/^# .*\n\nFor /.test(readFileSync(page, 'utf8')));
    expect(silent).toEqual([]);
  });
});

interface Link {
  /** From the root of the repository. */
  readonly path: string;
  readonly heading: string | undefined;
}

/** The links of a page within the repository. */
function linksOf(page: string): Link[] {
  const links = readFileSync(page, 'utf8').matchAll(/\]\(([^)#:\s]*)(?:#([^)]+))?\)/g);
  return Array.from(links, ([, path = '', heading]) => ({
    path: path === '' ? page : normalize(join(dirname(page), path)),
    heading,
  }));
}

/** The headings of a page as links name them. */
function headingsOf(page: string): Set<string> {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}
