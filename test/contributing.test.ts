import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const page = readFileSync('CONTRIBUTING.md', 'utf8');
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'contributing-')));
afterAll(() => rmSync(directory, { recursive: true }));

/** The TypeScript blocks of the page, with imports from the temporary directory. */
const blocks = Array.from(page.matchAll(/^```ts\n(.*?)^```$/gms), ([, block = '']) =>
  block
    .replaceAll("'../../src/", `'${relative(directory, resolve('src'))}/`)
    .replaceAll("'../../api/", `'${relative(directory, resolve('src/api'))}/`)
    .replaceAll("'./command.ts'", `'${relative(directory, resolve('src/cli/commands/command.ts'))}'`),
);

/** Compiles sources as the repository's own, and returns the compiler's output. */
function compile(sources: readonly string[]): string {
  for (const [at, source] of sources.entries()) writeFileSync(join(directory, `block-${at}.ts`), source);
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: resolve('tsconfig.json'),
      compilerOptions: { typeRoots: [resolve('node_modules/@types')], noEmit: true },
      include: ['block-*.ts'],
    }),
  );
  return spawnSync(resolve('node_modules/.bin/tsc'), ['--project', directory], { encoding: 'utf8' }).stdout;
}

describe('CONTRIBUTING.md', () => {
  test('shows code that compiles: a flag, a deployer, a tester, a command', () => {
    expect(blocks).toHaveLength(4);
    expect(compile(blocks)).toBe('');
  }, 120_000);

  test('names files, directories and scripts that exist', () => {
    const paths = Array.from(
      page.matchAll(/`((?:src|bin|deployers|testers|test|scripts)\/[\w./-]+)`/g),
      ([, path = '']) => path,
    );
    const invented = /^(?:deployers|testers|test|src\/cli\/commands)\/(?:NAME|X)/;
    const existing = paths.filter((path) => !invented.test(path) && path !== 'src/X/y.ts');
    expect(existing.length).toBeGreaterThan(20);
    expect(existing.filter((path) => spawnSync('test', ['-e', path]).status !== 0)).toEqual([]);
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const run = Array.from(page.matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name);
    expect(run.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});
