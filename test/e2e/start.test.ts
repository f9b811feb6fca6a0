import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'start-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a call loads, by node's own account: files of ours, and modules of node. */
function loadedBy(...words: string[]) {
  const [report, preload] = [join(folder, 'loaded.json'), join(folder, 'preload.cjs')];
  writeFileSync(
    preload,
    `const files = [];
     require('node:module').registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) });
     const at = process.moduleLoadList.length;
     process.on('exit', () => {
       const modules = process.moduleLoadList.slice(at).filter((name) => /^NativeModule [a-z_/]+$/.test(name));
       require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify({ files, modules }));
     });`,
  );
  const program = resolve('dist/kubetest2-ts.cjs');
  const env = { PATH: process.env['PATH'], HOME: folder };
  const child = spawnSync(process.execPath, ['--require', preload, program, ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 15_000,
  });
  expect(child).toMatchObject({ status: 0 });
  const { files, modules } = JSON.parse(readFileSync(report, 'utf8')) as { files: string[]; modules: string[] };
  const packages = files.filter((file) => file.includes('/dist/packages/')).map((file) => file.replace(/.*\//, ''));
  const nodes = modules
    .map((name) => name.slice('NativeModule '.length))
    .filter((name) => !name.startsWith('internal/'));
  return { packages: new Set(packages), nodes: new Set(nodes) };
}

/** Modules of node that cost more to load than a short call may take. */
const heavy = ['http', 'https', 'http2', 'tls', 'zlib', 'inspector', 'dns', 'child_process', 'crypto', 'v8'];

describe('what a start loads', () => {
  test.each<[string, string[], string[]]>([
    ['--version', ['--version'], []],
    ['--help', ['--help'], []],
    ['the help of a deployer', ['noop', '--help'], []],
    ['the help of a deployer and a tester', ['noop', '--test=exec', '--help'], []],
    ['the help of kind', ['kind', '--help'], ['child_process', 'crypto']],
    ['the help of gce', ['gce', '--help'], ['child_process', 'crypto']],
    ['a command as the tests', ['noop', '--test=exec', '--', 'true'], ['child_process', 'crypto']],
  ])('for %s is no package and none of the heavy modules of Node.js that it does not need', (_, words, needed) => {
    const { packages, nodes } = loadedBy(...words);
    expect([...packages]).toEqual([]);
    expect(heavy.filter((name) => nodes.has(name) && !needed.includes(name))).toEqual([]);
  });
});
