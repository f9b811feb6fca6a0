import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { bytesOf, opened, tempDirectory } from '../../helpers/downloader.ts';
import { hex, object, published, serve } from '../../helpers/servers/files.ts';
import { E2E, noise, packageOf } from '../../helpers/test-package.ts';

const PATH = '/release/v1.36.1/kubernetes-test-linux-amd64.tar.gz';
const e2e = noise(600_000, 4);
const good = packageOf({ path: E2E, bytes: e2e }, { path: 'rest', bytes: noise(500_000, 6) });
const FETCH = join(import.meta.dirname, '../../helpers/programs/acquire-one.ts');

test('ten processes fetch the same package once; the others wait and log for which process', async () => {
  const server = await serve(published(PATH, good));
  const slow = object(good);
  server.routes.set(PATH, (request, response, time) => setTimeout(() => slow(request, response, time), 400));
  const cacheDir = join(tempDirectory(), 'cache');
  const runs = Array.from({ length: 10 }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [FETCH, cacheDir, server.url + PATH]);
    return JSON.parse(stdout) as { hit: boolean; sha256: string; lines: string[] };
  });
  const results = await Promise.all(runs);
  expect(new Set(results.map(({ sha256 }) => sha256))).toEqual(new Set([hex('sha256', e2e)]));
  expect(results.filter(({ hit }) => !hit)).toHaveLength(1);
  expect(server.asked.filter((each) => each === `${PATH}.sha512`)).toHaveLength(1);
  const waited = results
    .flatMap(({ lines }) => lines)
    .filter((line) => /^Waiting for process \d+, which is fetching http/.test(line));
  expect(waited.length).toBeGreaterThan(0);
}, 60_000);

test('what a killed process left behind does not block others', async () => {
  const server = await serve(published(PATH, good));
  const whole = object(good);
  let started: () => void = () => undefined;
  const half = new Promise<void>((resolve) => {
    started = resolve;
  });
  server.routes.set(PATH, (_, response) => {
    response.writeHead(200, { 'content-length': good.length }).write(good.subarray(0, 400_000));
    started();
  });
  const cacheDir = join(tempDirectory(), 'cache');
  const child = execFile(process.execPath, [FETCH, cacheDir, server.url + PATH]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await half;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(readdirSync(join(cacheDir, 'v1/scratch'))).toHaveLength(1);
  server.routes.set(PATH, whole);
  const { acquirer, signal } = opened({ cacheDir });
  expect(bytesOf((await acquirer.members(server.url + PATH, [E2E], { signal }))[E2E]).equals(e2e)).toBe(true);
  expect(readdirSync(join(cacheDir, 'v1/scratch'))).toEqual([]);
  expect(readdirSync(join(cacheDir, 'v1/locks'))).toEqual([]);
});

async function fetched() {
  const server = await serve(published(PATH, good));
  const world = opened();
  const { [E2E]: file } = await world.acquirer.members(server.url + PATH, [E2E], { signal: world.signal });
  if (file === undefined) throw new Error('not found');
  const again = async () => {
    const later = opened({ cacheDir: world.cacheDir });
    return (await later.acquirer.members(server.url + PATH, [E2E], { signal: later.signal }))[E2E];
  };
  return { server, file, again, ...world };
}

test('a modified file is detected and fetched again', async () => {
  const { file, again } = await fetched();
  chmodSync(file.path, 0o755);
  const { mtime } = statSync(file.path);
  writeFileSync(file.path, Buffer.concat([Buffer.from('X'), e2e.subarray(1)]));
  utimesSync(file.path, mtime, mtime);
  const found = await again();
  expect(found).toMatchObject({ cacheHit: false });
  expect(bytesOf(found).equals(e2e)).toBe(true);
});

test('a touched file is verified again and kept', async () => {
  const { file, again, server } = await fetched();
  const asked = server.asked.length;
  utimesSync(file.path, 1, 1);
  expect(await again()).toMatchObject({ cacheHit: true });
  expect(server.asked).toHaveLength(asked);
});

test('the notes of a file are kept for later runs and removed with the file', async () => {
  const { file, cacheDir, acquirer, again } = await fetched();
  await acquirer.notes(file).write('version', 'v1.36.1');
  const later = opened({ cacheDir }).acquirer.notes(file);
  expect(await later.read('version')).toBe('v1.36.1');
  expect(await later.read('flags')).toBeUndefined();
  chmodSync(file.path, 0o755);
  writeFileSync(file.path, 'broken');
  await again();
  expect(await later.read('version')).toBeUndefined();
});

test('an unreadable index entry counts as missing', async () => {
  const { again, cacheDir } = await fetched();
  const index = join(cacheDir, 'v1/index');
  for (const name of readdirSync(index)) writeFileSync(join(index, name), '{"schema":');
  expect(await again()).toMatchObject({ cacheHit: false });
});

test('an entry with a missing file is fetched again', async () => {
  const { file, again } = await fetched();
  const { rmSync } = await import('node:fs');
  rmSync(file.path);
  expect(bytesOf(await again()).equals(e2e)).toBe(true);
});

test('offline uses cached files and fails for others', async () => {
  const { cacheDir, server } = await fetched();
  const offline = opened({ cacheDir, offline: true });
  const asked = server.asked.length;
  expect(await offline.acquirer.members(server.url + PATH, [E2E], { signal: offline.signal })).toMatchObject({
    [E2E]: { cacheHit: true },
  });
  await expect(offline.acquirer.members(server.url + PATH, ['other'], { signal: offline.signal })).rejects.toThrow(
    'is not in the cache, and --offline is set',
  );
  expect(server.asked).toHaveLength(asked);
});

test('a placed file is executable, replaces an existing file, and is not a hard link', async () => {
  const { file, acquirer, again } = await fetched();
  const destination = join(tempDirectory(), 'run/e2e.test');
  mkdirSync(join(destination, '..'));
  writeFileSync(destination, 'old');
  await acquirer.place(file, destination);
  expect(readFileSync(destination).equals(e2e)).toBe(true);
  expect(statSync(destination).mode & 0o111).toBe(0o111);
  expect(statSync(file.path).nlink).toBe(1);
  if (lstatSync(destination).isSymbolicLink()) expect(statSync(destination).mode & 0o222).toBe(0);
  expect(readdirSync(join(destination, '..'))).toEqual(['e2e.test']);
  expect(await again()).toMatchObject({ cacheHit: true });
});

test('a file placed below the artifacts is no link', async () => {
  const artifacts = tempDirectory();
  const { file } = await fetched();
  const { acquirer } = opened({}, { artifacts });
  const destination = join(artifacts, 'rundir/e2e.test');
  await acquirer.place(file, destination);
  expect(lstatSync(destination).isFile()).toBe(true);
  expect(readFileSync(destination).equals(e2e)).toBe(true);
});

test('writing to a copy does not change the cached file', async () => {
  const { file, acquirer } = await fetched();
  const destination = join(tempDirectory(), 'e2e.test');
  await acquirer.place(file, destination, { copy: true });
  writeFileSync(destination, 'changed');
  expect(bytesOf(file).equals(e2e)).toBe(true);
});

test('an unwritable cache is an error with the way out, unless the file is cached', async (context) => {
  const { cacheDir, server } = await fetched();
  const inFile = opened({ cacheDir: join(import.meta.filename, 'cache') });
  const fetching = (world: ReturnType<typeof opened>, path = PATH) =>
    world.acquirer.members(server.url + path, [E2E], { signal: world.signal });
  await expect(fetching(inFile)).rejects.toThrow(
    /^cannot write to the cache .*: .*; choose another directory with --cache-dir$/,
  );
  await expect(fetching(opened({ cacheDir: '/proc/none' }))).rejects.toThrow(/^cannot write to the cache \/proc\/none/);
  const mounted = spawnSync('mount', ['--bind', cacheDir, cacheDir]);
  if (mounted.status !== 0) context.skip('mounting is not allowed here');
  onTestFinished(() => void spawnSync('umount', [cacheDir]));
  spawnSync('mount', ['-o', 'remount,bind,ro', cacheDir]);
  expect(await fetching(opened({ cacheDir }))).toMatchObject({ [E2E]: { cacheHit: true } });
  server.routes.set('/other', object(good));
  await expect(fetching(opened({ cacheDir }), '/other')).rejects.toThrow(/cannot write to the cache .*read-only/i);
});

test('a full disk is reported, and leaves neither scratch files nor content', async (context) => {
  const at = tempDirectory();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', at]);
  if (mounted.status !== 0) context.skip('mounting a small file system is not allowed here');
  onTestFinished(() => void spawnSync('umount', [at]));
  const large = packageOf({ path: E2E, bytes: noise(6_000_000) }, { path: 'rest', bytes: noise(9_000_000) });
  const server = await serve({ ...published(PATH, large), ...published('/release/v1.36.1/kubectl', noise(6_000_000)) });
  const { acquirer, cacheDir, signal } = opened({ cacheDir: join(at, 'cache') });
  await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(
    /no space left for .*: prune the cache or choose another directory with --cache-dir/,
  );
  await expect(acquirer.file(`${server.url}/release/v1.36.1/kubectl`, { signal })).rejects.toThrow(/no space left/);
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
  expect(readdirSync(join(cacheDir, 'v1/scratch'))).toEqual([]);
});
