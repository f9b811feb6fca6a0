import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, bundleWhole } from '../../../scripts/package/bundle.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
let bundle: Bundle;

beforeAll(async () => {
  bundle = await bundleWhole(root, { version: '1.2.3', commit: 'abc' }, folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const packages = {
  '@google-cloud/storage': 'Storage',
  diff: 'createTwoFilesPatch',
  'echarts/dist/echarts.esm.min': 'init',
  execa: 'execa',
  tar: 'Parser',
  undici: 'default',
  yaml: 'parse',
  yargs: 'default',
};

test('what is used where it is imported is apart from the main file, and nothing else is', () => {
  const names = Object.keys(packages).map((name) => name.replace('@', '').replaceAll('/', '-'));
  expect(new Set(bundle.packages.keys())).toEqual(new Set(names));
  expect(readFileSync(bundle.main).length).toBeLessThan(1_000_000);
});

test.each(Object.entries(packages))('%s fills a module with what node gives, %s among it', async (name, exported) => {
  const file = bundle.packages.get(name.replace('@', '').replaceAll('/', '-')) ?? '';
  const fill = new Script(readFileSync(file, 'utf8')).runInThisContext() as (...words: unknown[]) => void;
  const module: { exports: Record<string, unknown> } = { exports: {} };
  fill(module.exports, createRequire(import.meta.url), module);
  const plain = (await import(name)) as Record<string, unknown>;
  expect(Object.keys(module.exports)).toEqual(
    expect.arrayContaining(Object.keys(plain).filter((each) => /^[A-Za-z_$][\w$]*$/.test(each))),
  );
  expect(typeof module.exports[exported]).toBe(typeof plain[exported]);
});
