import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'entry-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Start {
  /** What node says its version is. */
  readonly version?: string;
  /** A script that is run before it. */
  readonly before?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly words?: readonly string[];
  /** Another build. */
  readonly program?: string;
}

/** Runs the built program. */
function start({ version, before = '', env = {}, words = ['--version'], program = 'dist/kubetest2-ts.cjs' }: Start) {
  const preload = join(folder, 'preload.cjs');
  const pretended = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  writeFileSync(preload, version === undefined ? before : pretended);
  return spawnSync(process.execPath, ['--require', preload, program, ...words], {
    encoding: 'utf8',
    timeout: 15_000,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });
}

/** The files of compiled code of ours below a cache directory. */
const kept = (caches: string): string[] =>
  readdirSync(join(caches, 'kubetest2-ts/compiled'))
    .filter((name) => name.includes('.code'))
    .sort((one, other) => one.localeCompare(other));

describe('the entry', () => {
  test.each(['14.21.3', '20.20.2', '22.18.0'])('says on node %s what is needed, exit 2', (version) => {
    const { status, stdout, stderr } = start({ version });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^kubetest2-ts needs Node\.js 22\.19 or newer.*\n$/);
  });

  test.each(['22.19.0', '24.0.0', '30.1.0'])('starts on node %s', (version) => {
    expect(start({ version })).toMatchObject({ status: 0, stdout: expect.stringContaining('version') });
  });

  test('loads a package without a warning of Node.js', () => {
    const { stdout, stderr } = start({ words: ['complete-words', 'bash', 'noop', '--'] });
    expect([stdout.includes('--build'), stderr]).toEqual([true, '']);
  });

  test('exits 3 when a promise never settles', () => {
    const silent = `const { EventEmitter } = require('node:events');
      require('node:child_process').spawn = () => Object.assign(new EventEmitter(), { pid: 1 << 30 })`;
    const env = { ARTIFACTS: join(folder, 'artifacts'), KUBETEST2_RUN_DIR: join(folder, 'rundir') };
    const { status, stderr } = start({ before: silent, env, words: ['noop', '--test=exec', '--', 'true'] });
    expect(status, stderr).toBe(3);
    expect(stderr).toContain('The run failed');
  });

  test('keeps compiled code in the cache directory of the user, once for each kind of call', () => {
    const caches = join(folder, 'caches');
    for (const words of [['--version'], ['noop', '--help'], ['gce', '--help'], ['noop', '--help']])
      expect(start({ words, env: { XDG_CACHE_HOME: caches } }).status).toBe(0);
    expect(kept(caches).map((name) => /-((?:none|noop|gce)(?:-short)?)\.code$/.exec(name)?.[1])).toEqual([
      'gce-short',
      'none',
      'noop-short',
    ]);
  });

  test('uses compiled code that is kept, and replaces what V8 rejects', () => {
    const caches = join(folder, 'refused');
    const file = () => join(caches, 'kubetest2-ts/compiled', kept(caches)[0] ?? '');
    start({ env: { XDG_CACHE_HOME: caches } });
    const good = readFileSync(file());
    expect(good.length).toBeGreaterThan(50_000);
    start({ env: { XDG_CACHE_HOME: caches } });
    expect(readFileSync(file())).toEqual(good);
    for (const broken of [Buffer.alloc(0), Buffer.from('no code'), good.subarray(0, 1000)]) {
      writeFileSync(file(), broken);
      expect(start({ env: { XDG_CACHE_HOME: caches } })).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(file()).length).toBeGreaterThan(50_000);
    }
  });

  test('removes compiled code that was not used for a week, and none that was', () => {
    const caches = join(folder, 'older');
    const compiled = join(caches, 'kubetest2-ts/compiled');
    start({ env: { XDG_CACHE_HOME: caches } });
    const [now = ''] = kept(caches);
    const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 3600e3);
    for (const [name, days] of [
      ['v99.0.0-x64-0000-unused.code', 8],
      ['v99.0.0-x64-0000-unfinished.code.123', 8],
      ['v99.0.0-x64-0000-used.code', 6],
    ] as const) {
      writeFileSync(join(compiled, name), '');
      utimesSync(join(compiled, name), daysAgo(days), daysAgo(days));
    }
    // Used again after a long time.
    utimesSync(join(compiled, now), daysAgo(100), daysAgo(100));
    start({ env: { XDG_CACHE_HOME: caches } });
    expect(kept(caches)).toHaveLength(4);
    start({ words: ['noop', '--help'], env: { XDG_CACHE_HOME: caches } });
    expect(kept(caches)).toEqual([
      expect.stringContaining('-none.code'),
      expect.stringContaining('-noop-short.code'),
      'v99.0.0-x64-0000-used.code',
    ]);
  });

  test('shares no compiled code with another build of the same version', () => {
    const [caches, other] = [join(folder, 'builds'), join(folder, 'other-build')];
    cpSync('dist', other, { recursive: true, filter: (path) => !/dist\/(?:release|types)/.test(path) });
    const entry = readFileSync(join(other, 'kubetest2-ts.cjs'), 'utf8');
    writeFileSync(join(other, 'kubetest2-ts.cjs'), entry.replace(/digest:"[0-9a-f]{16}"/, 'digest:"0123456789abcdef"'));
    const env = { XDG_CACHE_HOME: caches };
    start({ env });
    const [own = ''] = kept(caches);
    expect(start({ env, program: join(other, 'kubetest2-ts.cjs') }).status).toBe(0);
    expect(kept(caches)).toEqual(expect.arrayContaining([own, own.replace(/[0-9a-f]{16}/, '0123456789abcdef')]));
    const bytes = readFileSync(join(caches, 'kubetest2-ts/compiled', own));
    start({ env });
    expect(kept(caches)).toHaveLength(2);
    expect(readFileSync(join(caches, 'kubetest2-ts/compiled', own))).toEqual(bytes);
  });

  test.each([
    ['in NODE_COMPILE_CACHE', { NODE_COMPILE_CACHE: join(folder, 'chosen') }, 'chosen'],
    [
      'at home when XDG_CACHE_HOME is not absolute',
      { XDG_CACHE_HOME: 'relative', HOME: join(folder, 'home') },
      'home/.cache/kubetest2-ts/compiled',
    ],
  ])('keeps it %s', (_where, env, there) => {
    expect(start({ env })).toMatchObject({ status: 0, stderr: '' });
    expect(readdirSync(join(folder, there)).filter((name) => name.endsWith('.code'))).toHaveLength(1);
    expect(existsSync('relative')).toBe(false);
  });

  test('keeps none when that is turned off', () => {
    start({ env: { XDG_CACHE_HOME: join(folder, 'none'), NODE_DISABLE_COMPILE_CACHE: '1' } });
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  test('starts when no cache can be written', () => {
    expect(start({ env: { XDG_CACHE_HOME: '/dev/null' } })).toMatchObject({ status: 0, stderr: '' });
    expect(start({ env: { HOME: undefined } })).toMatchObject({ status: 0, stderr: '' });
  });
});
