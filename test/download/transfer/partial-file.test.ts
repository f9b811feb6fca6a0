import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openUnfinished } from '../../../src/download/transfer/partial-file.ts';
import { bytesOf, folder, opened } from '../../helpers/downloader.ts';
import { type Answer, hex, object, published, serve, type TestServer } from '../../helpers/servers/files.ts';
import { E2E, noise, packageOf } from '../../helpers/test-package.ts';

const PATH = '/release/v1.36.1/kubernetes-test-linux-amd64.tar.gz';
const FETCH = join(import.meta.dirname, '../../helpers/programs/acquire-one.ts');
const e2e = noise(9_000_000, 4);
const good = packageOf({ path: E2E, bytes: e2e }, { path: 'rest', bytes: noise(2_000_000, 6) });
const HALF = 6_000_000;

let server: TestServer;
let cacheDir: string;

beforeEach(async () => {
  server = await serve(published(PATH, good));
  cacheDir = join(folder(), 'cache');
});

/** The first bytes of each answer, at the pace of a slow network, then nothing. */
const stalls: Answer = (request, response) => {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const end = to === '' ? good.length : Math.min(Number(to) + 1, good.length);
  response.writeHead(206, {
    etag: '"v1"',
    'content-length': end - Number(from),
    'content-range': `bytes ${from}-${end - 1}/${good.length}`,
  });
  response.write(good.subarray(Number(from), Math.min(end, Number(from) + 1_000_000)));
  // What comes in the first seconds decides whether it is kept.
  setTimeout(() => response.write(good.subarray(Number(from) + 1_000_000, Math.min(end, HALF))), 400);
};

const unfinished = () => {
  const root = join(cacheDir, 'v1/unfinished');
  return existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'bytes')) : [];
};

/** Waits until so many bytes are kept. */
const kept = (bytes: number) =>
  vi.waitFor(() => expect(Math.max(0, ...unfinished().map((file) => statSync(file).size))).toBeGreaterThan(bytes), {
    timeout: 15_000,
    interval: 20,
  });

/** Fetches half of the package and is stopped. */
async function interrupted(): Promise<void> {
  server.routes.set(PATH, stalls);
  const stop = new AbortController();
  const { acquirer } = opened({ cacheDir });
  const fetching = acquirer.members(server.url + PATH, [E2E], { signal: stop.signal });
  await Promise.race([kept(3_000_000), fetching]);
  stop.abort(new Error('stopped'));
  await expect(fetching).rejects.toThrow('stopped');
  server.asked.length = 0;
}

async function again(): Promise<string[]> {
  const { acquirer, lines, warnings, signal } = opened({ cacheDir });
  const { [E2E]: file } = await acquirer.members(server.url + PATH, [E2E], { signal });
  expect(bytesOf(file).equals(e2e)).toBe(true);
  expect(unfinished()).toEqual([]);
  return [...lines, ...warnings];
}

const firstAsked = () => server.asked.find((each) => each.startsWith(`${PATH} `));

test('the process after one that was killed goes on where it was', async () => {
  server.routes.set(PATH, stalls);
  const child = execFile(process.execPath, [FETCH, cacheDir, server.url + PATH]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await kept(3_000_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  server.routes.set(PATH, object(good));
  server.asked.length = 0;
  expect(await again()).toContainEqual(expect.stringMatching(/: continuing, \d\.\d of \d+ MB are there$/));
  expect(firstAsked()).toMatch(/bytes=[3-9]\d{6}-/);
});

test('so does one after a run that was interrupted, also when the server ignores Range', async () => {
  await interrupted();
  server.routes.set(PATH, object(good, { ranges: false }));
  const said = await again();
  expect(said).toContainEqual(expect.stringContaining(': continuing, '));
  expect(said).not.toContainEqual(expect.stringContaining('from the beginning'));
});

test('another version of the object is fetched from its beginning', async () => {
  await interrupted();
  const other = packageOf({ path: E2E, bytes: e2e }, { path: 'other', bytes: noise(2_500_000, 7) });
  server.routes.set(PATH, object(other, { tag: '"v2"' }));
  server.routes.set(`${PATH}.sha512`, (_, response) => response.end(hex('sha512', other)));
  expect(await again()).toContainEqual(expect.stringMatching(/changed while it was downloaded; fetching it again/));
});

test('what is kept and wrong is noticed by the digest, and the object fetched from its beginning', async () => {
  await interrupted();
  const [file = ''] = unfinished();
  const bytes = readFileSync(file);
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  server.routes.set(PATH, object(good));
  expect(await again()).toContainEqual(expect.stringMatching(/its sha512 is .*; fetching it again from the beginning/));
});

test('an object of which everything is kept is not asked for again', async () => {
  await interrupted();
  const [file = ''] = unfinished();
  writeFileSync(file, good);
  server.routes.delete(PATH);
  await again();
  expect(firstAsked()).toBeUndefined();
});

test('a wrong digest leaves nothing to go on with', async () => {
  server.routes.set(`${PATH}.sha512`, (_, response) => response.end('0'.repeat(128)));
  const { acquirer, signal } = opened({ cacheDir });
  await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(/its sha512 is/);
  expect(unfinished()).toEqual([]);
});

test('what is kept gives way where the disk has no room for it and the program', async (context) => {
  const at = folder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', at]);
  if (mounted.status !== 0) context.skip('mounting a small file system is not allowed here');
  onTestFinished(() => void spawnSync('umount', [at]));
  cacheDir = join(at, 'cache');
  server.routes.set(PATH, (request, response, time) => {
    // The rest of the first answer comes so late that everything is kept.
    const end = response.end.bind(response);
    if (time === 1)
      response.end = ((body: Buffer) => {
        response.write(body.subarray(0, 1));
        setTimeout(() => end(body.subarray(1)), 500);
      }) as typeof response.end;
    object(good)(request, response, time);
  });
  await again();
});

test.each([
  ['slowly is kept', 20_000, true],
  ['fast is not kept', 200_000, false],
])('what comes %s', async (_, pace, keeps) => {
  let now = 0;
  const at = join(cacheDir, 'x');
  const version = { validator: '"v1"', total: 20 << 20 };
  const first = await openUnfinished(at, () => now);
  await first.begin(version);
  const bytes = noise(1 << 20);
  for (let time = 0; time < 6; time += 1) {
    now += bytes.length / pace;
    await first.append(bytes);
  }
  await first.close();
  const { found } = await openUnfinished(at, () => now);
  expect(found).toEqual(keeps ? { ...version, size: 6 << 20 } : undefined);
});

test('small objects are not kept', async () => {
  const small = await openUnfinished(join(cacheDir, 'x'));
  await small.begin({ validator: '"v1"', total: 1 << 20 });
  await small.append(noise(1000));
  await small.close();
  expect(existsSync(join(cacheDir, 'x'))).toBe(false);
  expect(await buffer(small.bytes())).toHaveLength(0);
});
