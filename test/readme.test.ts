import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { registry } from '../bin/registry.ts';
import { exitCodes } from '../src/api/exit-codes.ts';
import { klogFlags, launcherFlags } from '../src/cli/flags/launcher-flags.ts';
import { parseFlags } from '../src/cli/flags/parse.ts';
import { acquireFlags } from '../src/download/flags.ts';
import { shellSplit } from '../src/text/shell-split.ts';

const readme = readFileSync('README.md', 'utf8');
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

  test('links to pages that exist', () => {
    const links = Array.from(readme.matchAll(/\]\(([^)#:]+)\)/g), ([, path = '']) => path);
    expect(links.filter((path) => readFileSync(path, 'utf8') === '')).toEqual([]);
  });
});
