import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesOf, opened } from '../../helpers/downloader.ts';
import { hex, published, serve, text } from '../../helpers/servers/files.ts';
import { E2E, elf, GINKGO, type Member, noise, packageOf, tarOf } from '../../helpers/test-package.ts';

const PATH = '/release/v1.36.1/kubernetes-test-linux-amd64.tar.gz';
const e2e = elf(62, { size: 700_001, seed: 2 });
const ginkgo = elf(62, { size: 30_000, seed: 3 });
const good = packageOf(
  { path: 'kubernetes/', type: 'Directory' },
  { path: E2E, bytes: e2e },
  { path: 'kubernetes/test/bin/other', bytes: noise(400_000) },
  { path: `./${GINKGO}`, bytes: ginkgo },
  { path: 'kubernetes/LICENSES', bytes: noise(900_000, 9) },
);

test('extracts the named members of a package, with their digests, and caches nothing else', async () => {
  const server = await serve(published(PATH, good));
  const { acquirer, cacheDir, signal, events, lines } = opened();
  const found = await acquirer.members(server.url + PATH, [E2E, GINKGO], {
    signal,
    expectBinaryFor: { os: 'linux', arch: 'amd64' },
  });
  expect(bytesOf(found[E2E]).equals(e2e)).toBe(true);
  expect(bytesOf(found[GINKGO]).equals(ginkgo)).toBe(true);
  expect(found[E2E]).toMatchObject({
    sha256: hex('sha256', e2e),
    size: e2e.length,
    verified: 'sha512',
    cacheHit: false,
  });
  const files = readdirSync(cacheDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  expect(files.map(({ name }) => name).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(2);
  expect(files.map(({ parentPath }) => parentPath).filter((path) => /scratch|locks/.test(path))).toEqual([]);
  expect(events).toMatchObject([
    {
      event: 'download',
      fields: { cacheHit: false, bytes: good.length, sha512: hex('sha512', good), members: [E2E, GINKGO] },
    },
  ]);
  expect(lines.at(-1)).toContain(`sha512 ${hex('sha512', good).slice(0, 16)}`);
});

test('a second run uses the cached members without a request', async () => {
  const server = await serve(published(PATH, good));
  const first = opened();
  await first.acquirer.members(server.url + PATH, [E2E, GINKGO], { signal: first.signal });
  const asked = server.asked.length;
  const second = opened({ cacheDir: first.cacheDir });
  const found = await second.acquirer.members(server.url + PATH, [GINKGO], { signal: second.signal });
  expect(found[GINKGO]).toMatchObject({ cacheHit: true, verified: 'sha512', sha256: hex('sha256', ginkgo) });
  expect(server.asked).toHaveLength(asked);
  expect(second.events).toMatchObject([{ event: 'download', fields: { cacheHit: true } }]);
});

test('a member that is requested later is added to the cached ones', async () => {
  const server = await serve(published(PATH, good));
  const { acquirer, signal } = opened();
  await acquirer.members(server.url + PATH, [E2E], { signal });
  expect((await acquirer.members(server.url + PATH, [GINKGO], { signal }))[GINKGO]).toMatchObject({ cacheHit: false });
  const both = await acquirer.members(server.url + PATH, [E2E, GINKGO], { signal });
  expect(both).toMatchObject({ [E2E]: { cacheHit: true }, [GINKGO]: { cacheHit: true } });
});

test('a wrong byte after the last named member is a checksum mismatch, and nothing is cached', async () => {
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(bad.length - 1000) ^ 1, bad.length - 1000);
  const server = await serve({ ...published(PATH, bad), [`${PATH}.sha512`]: text(hex('sha512', good)) });
  const { acquirer, cacheDir, signal } = opened();
  await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(
    new RegExp(`sha512 is ${hex('sha512', bad)}, expected ${hex('sha512', good)} from .*\\.sha512`),
  );
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
  expect(readdirSync(join(cacheDir, 'v1/scratch'))).toEqual([]);
});

const hostile: [string, Buffer, RegExp][] = [
  ['is not gzip', Buffer.from('not packed at all, just long enough to be something'), /incorrect header check/],
  ['is gzip but not tar', gzipSync(noise(5000)), /cannot unpack/],
  ['ends in the middle of its gzip', good.subarray(0, 200_000), /unexpected end of file/],
  [
    'ends in the middle of its tar',
    gzipSync(tarOf({ path: E2E, bytes: e2e }).subarray(0, 300_000)),
    /e2e\.test|Truncated/,
  ],
  ['lacks the member', packageOf({ path: GINKGO, bytes: ginkgo }), /does not contain kubernetes\/test\/bin\/e2e\.test/],
  [
    'has a symbolic link for it',
    packageOf({ path: E2E, type: 'SymbolicLink', linkpath: '/bin/sh' }),
    /is a SymbolicLink, not a regular file/,
  ],
  [
    'has it twice, first as a symbolic link, then as a file',
    packageOf(
      { path: E2E, type: 'SymbolicLink', linkpath: '../e2e.test' },
      { path: E2E, bytes: e2e.subarray(0, 9000) },
    ),
    /is a SymbolicLink, not a regular file/,
  ],
  [
    'has a hard link for it',
    packageOf({ path: E2E, type: 'Link', linkpath: '/bin/sh' }),
    /is a Link, not a regular file/,
  ],
  [
    'has a device for it',
    packageOf({ path: E2E, type: 'CharacterDevice' }),
    /is a CharacterDevice, not a regular file/,
  ],
  [
    'has a directory for it',
    packageOf({ path: E2E, type: 'Directory' }),
    /does not contain kubernetes\/test\/bin\/e2e\.test|not a regular file/,
  ],
];

test.each(hostile)(
  'rejects a package that %s, despite its right checksum, and caches nothing',
  async (_, bytes, message) => {
    const server = await serve(published(PATH, bytes));
    const { acquirer, cacheDir, signal } = opened();
    await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(message);
    expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
  },
);

test('other members, with paths outside the directory, links and devices are not extracted', async () => {
  const evil: Member[] = [
    { path: '../../../escaped', bytes: ginkgo },
    { path: '/tmp/kubetest2-escaped', bytes: ginkgo },
    { path: 'kubernetes/test/bin', type: 'SymbolicLink', linkpath: '/tmp' },
    { path: 'kubernetes/hard', type: 'Link', linkpath: '/etc/passwd' },
    { path: 'kubernetes/device', type: 'BlockDevice' },
    { path: 'kubernetes/pipe', type: 'FIFO' },
  ];
  const server = await serve(published(PATH, packageOf(...evil, { path: E2E, bytes: e2e })));
  const { acquirer, cacheDir, signal } = opened();
  const found = await acquirer.members(server.url + PATH, [E2E], { signal });
  expect(bytesOf(found[E2E]).equals(e2e)).toBe(true);
  const all = readdirSync(join(cacheDir, '..'), { recursive: true, withFileTypes: true });
  expect(all.filter((each) => !each.isFile() && !each.isDirectory())).toEqual([]);
  expect(all.filter((each) => each.name.includes('escaped'))).toEqual([]);
  expect(existsSync('/tmp/kubetest2-escaped')).toBe(false);
  const [file] = Object.values(found).map(({ path }) => lstatSync(path).mode & 0o777);
  expect(file).toBe(0o555);
});

test('stops early for a package with an excessive compression ratio', async () => {
  const header = tarOf({ path: 'zeros', size: 160 << 20 }).subarray(0, 512);
  const zeros = gzipSync(Buffer.alloc(16 << 20));
  const bomb = Buffer.concat([gzipSync(header), ...Array.from({ length: 10 }, () => zeros)]);
  const server = await serve(published(PATH, bomb));
  const { acquirer, signal } = opened();
  await expect(acquirer.members(server.url + PATH, [E2E], { signal })).rejects.toThrow(
    /unpacks to more than 100 times its size/,
  );
});

test.each([
  ['for another architecture', elf(183), /linux\/arm64, not linux\/amd64/],
  ['that is not a binary', Buffer.from('this is a text and no program at all\n'), /is not a binary for linux\/amd64/],
])('rejects a member %s and does not cache it', async (_, bytes, message) => {
  const server = await serve(published(PATH, packageOf({ path: E2E, bytes })));
  const { acquirer, cacheDir, signal } = opened();
  const fetched = acquirer.members(server.url + PATH, [E2E], {
    signal,
    expectBinaryFor: { os: 'linux', arch: 'amd64' },
  });
  await expect(fetched).rejects.toThrow(message);
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
});

test('stops with the reason of the signal and leaves no scratch files', async () => {
  const server = await serve({
    ...published(PATH, good),
    [PATH]: (_, response) => void response.writeHead(200).write(good.subarray(0, 100_000)),
  });
  const { acquirer, cacheDir } = opened({ downloadConnections: 1 }, { retryPolicy: { idle: 10_000, headers: 10_000 } });
  const stop = new AbortController();
  const fetched = acquirer.members(server.url + PATH, [E2E], { signal: stop.signal });
  server.server.on('request', (request) => {
    if (request.url === PATH) setTimeout(() => stop.abort(new Error('asked to stop')), 50);
  });
  await expect(fetched).rejects.toThrow('asked to stop');
  expect(readdirSync(join(cacheDir, 'v1/scratch'))).toEqual([]);
  expect(readdirSync(join(cacheDir, 'v1/locks'))).toEqual([]);
});

test('extracts a member whole when zeros follow the compressed data, which ends in the middle of a read', async () => {
  const padded = Buffer.concat([packageOf({ path: E2E, bytes: e2e }), Buffer.alloc(4096)]);
  const server = await serve(published(PATH, padded));
  const { acquirer, signal } = opened();
  const found = await acquirer.members(server.url + PATH, [E2E], { signal });
  expect(bytesOf(found[E2E]).equals(e2e)).toBe(true);
});
