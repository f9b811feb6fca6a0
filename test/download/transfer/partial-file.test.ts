import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openPartialFile } from '../../../src/download/transfer/partial-file.ts';
import { bytesOf, opened, tempDirectory } from '../../helpers/downloader.ts';
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
  cacheDir = join(tempDirectory(), 'cache');
});

/** The first bytes of each response, as slow as a slow network, then nothing. */
const stalls: Answer = (request, response) => {
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const end = to === '' ? good.length : Math.min(Number(to) + 1, good.length);
  response.writeHead(206, {
    etag: '"v1"',
    'content-length': end - Number(from),
    'content-range': `bytes ${from}-${end - 1}/${good.length}`,
  });
  response.write(good.subarray(Number(from), Math.min(end, Number(from) + 1_000_000)));
  // The rate of the first seconds decides whether the part is kept.
  setTimeout(() => response.write(good.subarray(Number(from) + 1_000_000, Math.min(end, HALF))), 400);
};

const unfinished = () => {
  const root = join(cacheDir, 'v1/unfinished');
  return existsSync(root) ? readdirSync(root).map((name) => join(root, name, 'bytes')) : [];
};

/** Waits until this many bytes are kept. */
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

test('resumes the download of a killed process', async () => {
  server.routes.set(PATH, stalls);
  const child = execFile(process.execPath, [FETCH, cacheDir, server.url + PATH]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await kept(3_000_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  server.routes.set(PATH, object(good));
  server.asked.length = 0;
  expect(await again()).toContainEqual(
    expect.stringMatching(/^Resuming the download of .* \(\d\.\d of \d+ MB received\)$/),
  );
  expect(firstAsked()).toMatch(/bytes=[3-9]\d{6}-/);
});

test('resumes the download of an interrupted run, also when the server ignores Range', async () => {
  await interrupted();
  server.routes.set(PATH, object(good, { ranges: false }));
  const lines = await again();
  expect(lines).toContainEqual(expect.stringContaining('Resuming the download of '));
  expect(lines).not.toContainEqual(expect.stringContaining('from the beginning'));
});

test('fetches another version of the object from its beginning', async () => {
  await interrupted();
  const other = packageOf({ path: E2E, bytes: e2e }, { path: 'other', bytes: noise(2_500_000, 7) });
  server.routes.set(PATH, object(other, { tag: '"v2"' }));
  server.routes.set(`${PATH}.sha512`, (_, response) => response.end(hex('sha512', other)));
  expect(await again()).toContainEqual(expect.stringMatching(/changed while it was downloaded; fetching it again/));
});

test('a wrong partial file is detected by the digest, and the object fetched from its beginning', async () => {
  await interrupted();
  const [file = ''] = unfinished();
  const bytes = readFileSync(file);
  bytes[1_000_000] = (bytes[1_000_000] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  server.routes.set(PATH, object(good));
  expect(await again()).toContainEqual(
    expect.stringMatching(/checksum mismatch .*; fetching it again from the beginning/),
  );
});

test('an object that was received completely is not requested again', async () => {
  await interrupted();
  const [file = ''] = unfinished();
  writeFileSync(file, good);
  server.routes.delete(PATH);
  await again();
  expect(firstAsked()).toBeUndefined();
});

test('a checksum mismatch leaves no partial file', async () => {
  server.routes.set(`${PATH}.sha512`, (_, response) => response.end('0'.repeat(128)));
  const { acquirer, signal } = opened({ cacheDir });
  await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(/checksum mismatch/);
  expect(unfinished()).toEqual([]);
});

test('the partial file is dropped where the disk has no room for it and the program', async (context) => {
  const at = tempDirectory();
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
])('a download %s', async (_, rate, keeps) => {
  let now = 0;
  const at = join(cacheDir, 'x');
  const version = { validator: '"v1"', total: 20 << 20 };
  const first = await openPartialFile(at, () => now);
  await first.begin(version);
  const bytes = noise(1 << 20);
  for (let time = 0; time < 6; time += 1) {
    now += bytes.length / rate;
    await first.append(bytes);
  }
  await first.close();
  const { found } = await openPartialFile(at, () => now);
  expect(found).toEqual(keeps ? { ...version, size: 6 << 20 } : undefined);
});

test('small objects have no partial file', async () => {
  const small = await openPartialFile(join(cacheDir, 'x'));
  await small.begin({ validator: '"v1"', total: 1 << 20 });
  await small.append(noise(1000));
  await small.close();
  expect(existsSync(join(cacheDir, 'x'))).toBe(false);
  expect(await buffer(small.bytes())).toHaveLength(0);
});
