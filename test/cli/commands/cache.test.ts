import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/api/errors.ts';
import { cache } from '../../../src/cli/commands/cache.ts';
import { acquireLock } from '../../../src/system/lock.ts';
import { callCommand } from '../../helpers/commands.ts';
import { opened } from '../../helpers/downloader.ts';
import { published, serve } from '../../helpers/servers/files.ts';
import { noise } from '../../helpers/test-package.ts';

const HOUR = 3600;

/** A cache of three files of 100 kB, last used 100, 50 and 1 hours ago; the last two have the same bytes. */
async function filled() {
  const [old, other] = [noise(100_000, 1), noise(100_000, 2)];
  const server = await serve({ ...published('/a', old), ...published('/b', other), ...published('/c', other) });
  const { acquirer, cacheDir, signal } = opened();
  const index = join(cacheDir, 'v1/index');
  const paths: string[] = [];
  const files: string[] = [];
  for (const [path, hours] of [
    ['/a', 100],
    ['/b', 50],
    ['/c', 1],
  ] as const) {
    paths.push((await acquirer.file(server.url + path, { signal })).path);
    const file = readdirSync(index).find((name) => !files.includes(name)) ?? '';
    files.push(file);
    const then = Date.now() / 1000 - hours * HOUR;
    utimesSync(join(index, file), then, then);
  }
  const run = async (...args: string[]) => {
    const { code, out } = await callCommand('cache', cache, args, { KUBETEST2_CACHE_DIR: cacheDir });
    return { code, out };
  };
  return { cacheDir, paths: paths as [string, string, string], files: files as [string, string, string], run, server };
}

test('list tells the age, size, check and address of each entry', async () => {
  const { run, server, cacheDir } = await filled();
  const { out, code } = await run('list');
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^20.*Z +0\\.1 MB sha512 +${server.url}/a$`)),
    expect.stringContaining(`${server.url}/b`),
    expect.stringContaining(`${server.url}/c`),
    `3 entries, 2 files, 0.2 MB in ${cacheDir}`,
    '',
  ]);
});

test('verify reads everything again, removes what is not right and says so', async () => {
  const { run, paths } = await filled();
  expect(await run('verify')).toEqual({ code: 0, out: '2 of 2 files verified\n' });
  chmodSync(paths[0], 0o755);
  writeFileSync(paths[0], 'changed');
  const { code, out } = await run('verify');
  expect(code).toBe(1);
  expect(out).toContain(`removed ${paths[0]}`);
  expect(existsSync(paths[0])).toBe(false);
});

test('prune --older-than removes what was not used for so long', async () => {
  const { run, paths } = await filled();
  expect((await run('prune', '--older-than=72h')).out).toBe('removed 1 entry (0.1 MB), 0.1 MB left\n');
  expect(paths.map((path) => existsSync(path))).toEqual([false, true, true]);
});

test('prune keeps a file as long as one address still stands for it', async () => {
  const { run, paths } = await filled();
  await run('prune', '--older-than=10h');
  expect(paths.map((path) => existsSync(path))).toEqual([false, true, true]);
  await run('prune', '--older-than=30m');
  expect(paths.map((path) => existsSync(path))).toEqual([false, false, false]);
});

test('prune --max-size removes the least recently used, but nothing of the last day', async () => {
  const { run, paths } = await filled();
  expect((await run('prune', '--max-size=150k')).out).toContain('removed 1 entry');
  expect(paths.map((path) => existsSync(path))).toEqual([false, true, true]);
  expect((await run('prune', '--max-size=1')).out).toContain('removed 1 entry (0.0 MB), 0.1 MB left');
});

test('prune leaves alone what is being fetched, and clears what dead processes left', async () => {
  const { run, cacheDir, files } = await filled();
  const [busy] = files.map((file) => file.replace('.json', ''));
  const lock = await acquireLock(join(cacheDir, 'v1/locks', busy ?? ''), {
    signal: AbortSignal.timeout(5000),
    wait: false,
  });
  const scratch = join(cacheDir, 'v1/scratch');
  mkdirSync(join(scratch, busy ?? ''), { recursive: true });
  mkdirSync(join(scratch, 'dead'));
  writeFileSync(join(cacheDir, 'v1/index/x.new'), '');
  utimesSync(join(cacheDir, 'v1/index/x.new'), 1, 1);
  expect((await run('prune', '--older-than=72h')).out).toContain('removed 0 entries');
  expect(readdirSync(scratch)).toEqual([busy]);
  expect(readdirSync(join(cacheDir, 'v1/index'))).toHaveLength(3);
  await lock[Symbol.asyncDispose]();
});

test('list tells of unfinished downloads, and prune removes those that nobody went on with for a day', async () => {
  const { run, cacheDir } = await filled();
  const [fresh, old, busy] = ['fresh', 'old', 'busy'].map((name) => join(cacheDir, 'v1/unfinished', name));
  for (const path of [fresh, old, busy]) {
    mkdirSync(path ?? '', { recursive: true });
    writeFileSync(join(path ?? '', 'bytes'), noise(1_000_000));
  }
  const then = Date.now() / 1000 - 25 * HOUR;
  for (const path of [old, busy]) utimesSync(join(path ?? '', 'bytes'), then, then);
  const signal = AbortSignal.timeout(5000);
  await using _ = await acquireLock(join(cacheDir, 'v1/locks/busy'), { signal, wait: false });
  expect((await run('list')).out).toContain('\n3 unfinished downloads, 3.0 MB\n');
  expect((await run('prune')).out).toBe('removed 0 entries (1.0 MB), 2.2 MB left\n');
  expect([fresh, old, busy].map((path) => existsSync(path ?? ''))).toEqual([true, false, true]);
  expect((await run('list')).out).toContain('\n2 unfinished downloads, 2.0 MB\n');
});

test.each([
  ['list', '0 entries, 0 files, 0.0 MB in '],
  ['verify', '0 of 0 files verified\n'],
  ['prune', 'removed 0 entries (0.0 MB), 0.0 MB left\n'],
])('cache %s of an empty cache exits 0', async (verb, out) => {
  expect(await callCommand('cache', cache, [verb])).toMatchObject({ code: 0, out: expect.stringContaining(out) });
});

test.each([[[]], [['purge']], [['list', 'all']], [['prune', '--max-size=lots']], [['prune', '--older-than=7 days']]])(
  'cache %j is a usage error',
  async (args) => {
    await expect(callCommand('cache', cache, args)).rejects.toThrow(UsageError);
  },
);
