import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { parseVersionName } from '../../src/download/version-name.ts';
import { opened } from '../helpers/downloader.ts';
import { type Answer, serve, status, text } from '../helpers/servers/files.ts';

const D = 'https://dl.k8s.io';
test.each([
  ['v1.36.1', `${D}/release`, 'v1.36.1'],
  ['1.36.1', `${D}/release`, 'v1.36.1'],
  ['v1.37.0-alpha.1.123+abc123', `${D}/ci`, 'v1.37.0-alpha.1.123+abc123'],
  [`${D}/release/v1.36.1`, `${D}/release`, 'v1.36.1'],
  [`${D}/ci/fast/v1.37.0-alpha.1.123+abc/`, `${D}/ci/fast`, 'v1.37.0-alpha.1.123+abc'],
  ['gs://bucket/path/v1.6.0-alpha.0', 'gs://bucket/path', 'v1.6.0-alpha.0'],
])('%s is a version', (name, base, version) => {
  expect(parseVersionName(name)).toEqual({ resolved: { version, base, root: `${base}/${version}` } });
});

test.each([
  ['1.36', `${D}/release/stable-1.36.txt`, `${D}/release`],
  ['v1.36', `${D}/release/stable-1.36.txt`, `${D}/release`],
  ['stable', `${D}/release/stable.txt`, `${D}/release`],
  ['release/stable-1.36', `${D}/release/stable-1.36.txt`, `${D}/release`],
  ['ci/latest', `${D}/ci/latest.txt`, `${D}/ci`],
  ['ci/k8s-stable1', `${D}/ci/k8s-stable1.txt`, `${D}/ci`],
  ['ci/latest-fast', `${D}/ci/fast/latest-fast.txt`, `${D}/ci/fast`],
  ['ci/fast/latest-fast', `${D}/ci/fast/latest-fast.txt`, `${D}/ci/fast`],
  [`${D}/release/latest.txt`, `${D}/release/latest.txt`, `${D}/release`],
  ['gs://bucket/path/latest.txt', 'gs://bucket/path/latest.txt', 'gs://bucket/path'],
])('%s is the marker %s', (name, marker, base) => {
  expect(parseVersionName(name)).toEqual({ marker, base });
});

test('with a base, markers and versions are looked up there', () => {
  expect(parseVersionName('latest.txt', 'http://127.0.0.1/ci/')).toEqual({
    marker: 'http://127.0.0.1/ci/latest.txt',
    base: 'http://127.0.0.1/ci',
  });
  expect(parseVersionName('v1.36.1', 'http://127.0.0.1/x')).toEqual({
    resolved: { version: 'v1.36.1', base: 'http://127.0.0.1/x', root: 'http://127.0.0.1/x/v1.36.1' },
  });
});

test.each(['', ' ', '../../etc/passwd', 'ci/../../x', '--offline', '<html>', 'https://dl.k8s.io', 'a b'])(
  'rejects %j',
  (name) => {
    expect(() => parseVersionName(name)).toThrow(UsageError);
  },
);

test('any text is a version or marker of dl.k8s.io or a usage error', () => {
  fc.assert(
    fc.property(
      fc.string().filter((name) => !name.includes('://')),
      (name) => {
        try {
          const parsed = parseVersionName(name);
          expect('resolved' in parsed ? parsed.resolved.root : parsed.marker).toMatch(
            /^https:\/\/dl\.k8s\.io\/[^?#\s]+$/,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      },
    ),
  );
});

test('a marker is read once per run, bypassing caches, and is trimmed, logged and recorded', async () => {
  const headers: (string | undefined)[] = [];
  const server = await serve({
    '/ci/latest.txt': (request, response, time) => {
      headers.push(request.headers['cache-control']);
      text(`v1.37.0-alpha.${time}+abc\n`)(request, response, time);
    },
  });
  const { acquirer, signal, lines, events } = opened();
  const ask = () => acquirer.resolve(`${server.url}/ci/latest.txt`, { signal });
  const all = await Promise.all([ask(), ask()]);
  const wanted = {
    version: 'v1.37.0-alpha.1+abc',
    base: `${server.url}/ci`,
    root: `${server.url}/ci/v1.37.0-alpha.1+abc`,
    marker: `${server.url}/ci/latest.txt`,
  };
  expect([...all, await ask()]).toEqual([wanted, wanted, wanted]);
  expect(headers).toEqual(['no-cache']);
  expect(lines).toEqual([`Resolved ${server.url}/ci/latest.txt to v1.37.0-alpha.1+abc`]);
  expect(events).toEqual([
    { event: 'resolved', fields: { url: `${server.url}/ci/latest.txt`, version: 'v1.37.0-alpha.1+abc' } },
  ]);
});

test('all parts of a run and its later calls get the version that was read first', async () => {
  const server = await serve({
    '/ci/latest.txt': (request, response, time) => text(`v1.37.${time}`)(request, response, time),
  });
  const facts = new Map<string, string | undefined>();
  const state = {
    recall: (name: string) => facts.get(name),
    remember: async (more: Readonly<Record<string, string | undefined>>) => {
      for (const [name, value] of Object.entries(more)) facts.set(name, value);
    },
  };
  const ask = async () => {
    const { acquirer, signal } = opened({}, { state });
    return (await acquirer.resolve(`${server.url}/ci/latest.txt`, { signal })).version;
  };
  const [cluster, tests] = await Promise.all([ask(), ask()]);
  expect(tests).toBe(cluster);
  expect(await ask()).toBe(cluster);
});

const bad: [string, Answer, RegExp][] = [
  ['404', status(404, 'v1.36.1'), /answered 404/],
  ['500', status(500, 'v1.36.1'), /answered 500.*gave up/],
  ['204', status(204), /answered 204/],
  ['a page of HTML', text('<html>v1.36.1</html>', { 'content-type': 'text/html' }), /HTML/],
  ['another text', text('hello'), /contains no version: "hello"/],
  ['nothing', text(''), /contains no version: ""/],
  ['two versions', text('v1.36.1\nv1.36.2'), /contains no version/],
];
test.each(bad)('a marker that answers with %s is an error', async (_, answer, message) => {
  const server = await serve({ '/latest.txt': answer });
  const { acquirer, signal } = opened();
  await expect(acquirer.resolve(`${server.url}/latest.txt`, { signal })).rejects.toThrow(message);
});

test('a marker that failed is read again', async () => {
  const server = await serve({
    '/latest.txt': (request, response, time) => (time === 1 ? status(404) : text('v1.36.1'))(request, response, time),
  });
  const { acquirer, signal } = opened();
  const ask = () => acquirer.resolve(`${server.url}/latest.txt`, { signal });
  await expect(ask()).rejects.toThrow('404');
  expect((await ask()).version).toBe('v1.36.1');
});

test('offline, a marker has its last known version, with a warning', async () => {
  const server = await serve({ '/latest.txt': text('v1.36.1') });
  const online = opened();
  await online.acquirer.resolve(`${server.url}/latest.txt`, { signal: online.signal });
  const offline = opened({ cacheDir: online.cacheDir, offline: true });
  expect((await offline.acquirer.resolve(`${server.url}/latest.txt`, { signal: offline.signal })).version).toBe(
    'v1.36.1',
  );
  expect(offline.warnings).toEqual([expect.stringContaining('Offline: using v1.36.1 for ')]);
  await expect(offline.acquirer.resolve(`${server.url}/other.txt`, { signal: offline.signal })).rejects.toThrow(
    'is not in the cache',
  );
});
