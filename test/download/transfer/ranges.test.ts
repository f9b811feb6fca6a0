import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { opened } from '../../helpers/downloader.ts';
import { hex, object, published, serve, status, text } from '../../helpers/servers/files.ts';
import { noise } from '../../helpers/test-package.ts';

const PATH = '/release/v1.36.1/bin/linux/amd64/kubectl';
const small = noise(300_001);
const large = noise(9_000_000, 5);

test('fetches a file, verifies its checksum and caches it', async () => {
  const server = await serve(published(PATH, small));
  const { acquirer, signal } = opened();
  const file = await acquirer.file(server.url + PATH, { signal });
  expect(readFileSync(file.path).equals(small)).toBe(true);
  expect(file).toMatchObject({ sha256: hex('sha256', small), size: small.length, verified: 'sha512', cacheHit: false });
  expect((await acquirer.file(server.url + PATH, { signal })).cacheHit).toBe(true);
});

test('verifies a file against the checksum of the caller, in the cache too', async () => {
  const server = await serve({ [PATH]: object(small) });
  const { acquirer, signal } = opened();
  const sha256 = hex('sha256', small);
  expect(await acquirer.file(server.url + PATH, { signal, sha256 })).toMatchObject({ sha256, verified: 'sha256' });
  expect(await acquirer.file(server.url + PATH, { signal, sha256 })).toMatchObject({ cacheHit: true });
  expect(server.asked).toEqual(expect.not.arrayContaining([expect.stringContaining('sha')]));
  const other = hex('sha256', large);
  await expect(acquirer.file(server.url + PATH, { signal, sha256: other })).rejects.toThrow(/this program/);
});

test('fetches an empty file', async () => {
  const empty = Buffer.alloc(0);
  const server = await serve({
    ...published(PATH, empty),
    [PATH]: (request, response) => void response.writeHead(request.headers.range ? 416 : 200).end(),
  });
  const { acquirer, signal } = opened();
  expect(await acquirer.file(server.url + PATH, { signal })).toMatchObject({ size: 0, sha256: hex('sha256', empty) });
});

test.each([404, 403, 401, 400])('status %d is not retried', async (code) => {
  const server = await serve({ ...published(PATH, small), [PATH]: status(code, '<html>no</html>') });
  const { acquirer, cacheDir, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(
    `${server.url}${PATH}: the server answered ${code}`,
  );
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toHaveLength(1);
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
});

test.each([500, 502, 503, 408, 429])('status %d is retried', async (code) => {
  const good = object(small);
  const server = await serve({
    ...published(PATH, small),
    [PATH]: (request, response, time) => (time < 3 ? status(code) : good)(request, response, time),
  });
  const { acquirer, signal } = opened();
  await acquirer.file(server.url + PATH, { signal });
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toHaveLength(3);
});

test('fails after the last attempt, with the number of attempts', async () => {
  const server = await serve({ ...published(PATH, small), [PATH]: status(503) });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(
    'the server answered 503 (gave up after 4 attempts)',
  );
});

test('waits for Retry-After', async () => {
  const good = object(small);
  const at: number[] = [];
  const server = await serve({
    ...published(PATH, small),
    [PATH]: (request, response, time) => {
      at.push(performance.now());
      (time === 1 ? status(429, '', { 'retry-after': '1' }) : good)(request, response, time);
    },
  });
  const { acquirer, signal } = opened();
  await acquirer.file(server.url + PATH, { signal });
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(990);
});

test('fails at once for a Retry-After of an hour', async () => {
  const server = await serve({ ...published(PATH, small), [PATH]: status(503, '', { 'retry-after': '3600' }) });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow('the server answered 503');
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toHaveLength(1);
});

test('follows redirects, once for all parts of a file', async () => {
  const server = await serve({
    ...published('/elsewhere', large),
    [`${PATH}.sha512`]: text(hex('sha512', large)),
    [PATH]: status(302, '', { location: '/elsewhere' }),
  });
  const { acquirer, signal } = opened();
  await acquirer.file(server.url + PATH, { signal });
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toHaveLength(1);
  expect(server.asked.filter((each) => each.startsWith('/elsewhere ')).length).toBeGreaterThan(1);
});

test('stops following circular redirects', async () => {
  const server = await serve({
    ...published(PATH, small),
    [PATH]: status(302, '', { location: '/b' }),
    '/b': status(302, '', { location: PATH }),
  });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow('more than 10 redirects');
});

test.each(['ftp://127.0.0.1/x', 'http://mirror.example/x'])('a redirect to %s is not followed', async (location) => {
  const server = await serve({ ...published(PATH, small), [PATH]: status(302, '', { location }) });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/unsupported URL|refusing plain http/);
});

test.each([
  [1, 'closed', /resuming at byte [1-9]/],
  [4, 'closed', /resuming at byte [1-9]/],
  // Bytes in flight may be lost with the connection.
  [1, 'reset', /resuming at byte \d/],
  [4, 'reset', /resuming at byte \d/],
])('resumes %d connections that are %s where they broke', async (downloadConnections, how, message) => {
  const cut = (time: number) => (time % 2 === 1 ? 700_000 : undefined);
  const server = await serve(published(PATH, large, { cut, closes: how === 'closed' }));
  const { acquirer, signal, lines } = opened({ downloadConnections });
  const file = await acquirer.file(server.url + PATH, { signal });
  expect(readFileSync(file.path).equals(large)).toBe(true);
  expect(lines).toContainEqual(expect.stringMatching(message));
});

test('fetches parts in parallel when one connection is slow, and keeps their order', async () => {
  let now = 0;
  let most = 0;
  const good = object(large);
  const server = await serve({
    ...published(PATH, large),
    [PATH]: (request, response, time) => {
      now += 1;
      most = Math.max(most, now);
      response.on('close', () => {
        now -= 1;
      });
      // The first byte at once, the rest so late that the connection is a slow one.
      const end = response.end.bind(response);
      response.end = ((body: Buffer) => {
        response.write(body.subarray(0, 1));
        setTimeout(() => end(body.subarray(1)), 600);
      }) as typeof response.end;
      good(request, response, time);
    },
  });
  const { acquirer, signal } = opened({ downloadConnections: 4 });
  const file = await acquirer.file(server.url + PATH, { signal });
  expect(readFileSync(file.path).equals(large)).toBe(true);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(4);
});

test.each([
  ['ignores Range', { ranges: false }],
  ['has no entity tag', { tag: '' }],
])('fetches a file from a server that %s, also after a broken connection', async (_, options) => {
  const server = await serve(
    published(PATH, large, { ...options, cut: (time) => (time === 1 ? 1_500_000 : undefined) }),
  );
  const { acquirer, signal, warnings } = opened();
  const file = await acquirer.file(server.url + PATH, { signal });
  expect(readFileSync(file.path).equals(large)).toBe(true);
  expect(warnings).toEqual([expect.stringMatching(/ECONNRESET; retry 2 of 4/)]);
});

test('a truncated body without a length is a checksum mismatch, and nothing is cached', async () => {
  const server = await serve(published(PATH, small, { ranges: false, cut: () => 100_000, quiet: true }));
  const { acquirer, cacheDir, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/checksum mismatch/);
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
});

test('fails when the body is truncated at every attempt', async () => {
  const server = await serve(published(PATH, small, { ranges: false, cut: () => 100_000 }));
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/gave up after 4 attempts/);
});

test('a file that is replaced during the download is fetched again from the beginning', async () => {
  const other = noise(large.length, 77);
  const before = object(large, { tag: '"before"', cut: () => 500_000 });
  const after = object(other, { tag: '"after"' });
  const server = await serve({
    [`${PATH}.sha512`]: text(hex('sha512', other)),
    [PATH]: (request, response, time) => (time === 1 ? before : after)(request, response, time),
  });
  const { acquirer, signal, warnings } = opened();
  const file = await acquirer.file(server.url + PATH, { signal });
  expect(readFileSync(file.path).equals(other)).toBe(true);
  expect(warnings).toEqual([
    expect.stringContaining('retry 2 of 4'),
    expect.stringContaining('changed while it was downloaded'),
  ]);
});

test('parts of two indistinguishable files are detected by the digest and fetched again', async () => {
  const other = noise(large.length, 77);
  const before = object(large, { tag: '', cut: () => 500_000 });
  const after = object(other, { tag: '' });
  const server = await serve({
    [`${PATH}.sha512`]: text(hex('sha512', other)),
    [PATH]: (request, response, time) => (time === 1 ? before : after)(request, response, time),
  });
  const { acquirer, signal } = opened();
  expect(readFileSync((await acquirer.file(server.url + PATH, { signal })).path).equals(other)).toBe(true);
});

test('a checksum mismatch of a file received in one piece is not retried', async () => {
  const server = await serve({ ...published(PATH, small), [`${PATH}.sha512`]: text('0'.repeat(128)) });
  const { acquirer, cacheDir, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(
    /checksum mismatch .* expected 0{128} from /,
  );
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toHaveLength(1);
  expect(existsSync(join(cacheDir, 'v1/content'))).toBe(false);
});

test.each([
  ['never answers', 'headers'],
  ['stops in the middle', 'body'],
])('retries a server that %s, then fails', async (_, where) => {
  const server = await serve({
    ...published(PATH, small),
    [PATH]: (_request, response) => {
      if (where === 'body') response.writeHead(200, { 'content-length': small.length }).write(small.subarray(0, 1000));
    },
  });
  const { acquirer, signal } = opened(
    {},
    { retryPolicy: { connect: 500, headers: 300, idle: 300, delay: 1, maxDelay: 1, attempts: 2 } },
  );
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/timeout.*gave up after 2 attempts/i);
});

test('fails when the server is unreachable', async () => {
  const server = await serve();
  server.server.close();
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/ECONNREFUSED.*gave up after 4 attempts/);
});

test('credentials in a URL are sent but never shown', async () => {
  const server = await serve({
    ...published(PATH, small),
    [PATH]: (request, response, time) =>
      (request.headers.authorization === `Basic ${Buffer.from('me:hunter2').toString('base64')}`
        ? object(small)
        : status(401))(request, response, time),
  });
  const { acquirer, signal, lines, events } = opened();
  const file = await acquirer.file(server.url.replace('//', '//me:hunter2@') + PATH, { signal });
  expect(JSON.stringify([lines, events, file])).not.toContain('hunter2');
});

test('a local file is read by file://, and again once it changed', async () => {
  const { acquirer, cacheDir, signal } = opened();
  const { writeFileSync, mkdirSync } = await import('node:fs');
  const { pathToFileURL } = await import('node:url');
  const path = join(cacheDir, '..', 'kubectl');
  mkdirSync(cacheDir, { recursive: true });
  const write = (bytes: Buffer) => {
    writeFileSync(path, bytes);
    writeFileSync(`${path}.sha256`, `${hex('sha256', bytes)}  kubectl\n`);
  };
  write(small);
  const url = pathToFileURL(path).href;
  expect(await acquirer.file(url, { signal })).toMatchObject({ sha256: hex('sha256', small), verified: 'sha256' });
  write(large);
  expect(await acquirer.file(url, { signal })).toMatchObject({ sha256: hex('sha256', large), cacheHit: false });
});
