import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findInSums, parseChecksum } from '../../src/download/published-checksum.ts';
import { opened } from '../helpers/downloader.ts';
import { type Answer, hex, object, serve, text } from '../helpers/servers/files.ts';
import { noise } from '../helpers/test-package.ts';

const bytes = noise(5000);
const sha512 = hex('sha512', bytes);
const sha256 = hex('sha256', bytes);
const PATH = '/release/v1.36.1/bin/linux/amd64/kubectl';

const forms: [string, Record<string, Answer>, string][] = [
  ['bare hex in .sha512', { [`${PATH}.sha512`]: text(sha512) }, 'sha512'],
  ['hex and a newline', { [`${PATH}.sha512`]: text(`${sha512}\n`) }, 'sha512'],
  ['hex and a name', { [`${PATH}.sha512`]: text(`${sha512}  kubectl\n`) }, 'sha512'],
  [
    'upper case with blank lines around',
    { [`${PATH}.sha512`]: text(`\n${sha512.toUpperCase()} *kubectl\r\n\n`) },
    'sha512',
  ],
  ['only .sha256', { [`${PATH}.sha256`]: text(sha256) }, 'sha256'],
  ['only .sha256sum', { [`${PATH}.sha256sum`]: text(`${sha256}  kubectl\n`) }, 'sha256'],
  [
    'only SHA512SUMS beside it',
    { '/release/v1.36.1/bin/linux/amd64/SHA512SUMS': text(`${'0'.repeat(128)}  other\n${sha512}  kubectl`) },
    'sha512',
  ],
  [
    'only SHA512SUMS of its version',
    {
      '/release/v1.36.1/SHA512SUMS': text(
        `${sha512}  bin/linux/amd64/kubectl\n${'0'.repeat(128)}  bin/linux/arm64/kubectl`,
      ),
    },
    'sha512',
  ],
  [
    'only SHA256SUMS, with paths of the machine it was built on',
    {
      '/release/v1.36.1/SHA256SUMS': text(
        `${'1'.repeat(64)}  /go/out/bin/linux/arm64/kubectl\n${sha256}  /go/out/bin/linux/amd64/kubectl\n`,
      ),
    },
    'sha256',
  ],
  [
    'a .sha512 that strangers may not see, and a .sha256',
    { [`${PATH}.sha512`]: (_, response) => void response.writeHead(403).end(), [`${PATH}.sha256`]: text(sha256) },
    'sha256',
  ],
];

test.each(forms)('%s verifies a file', async (_, routes, verified) => {
  const server = await serve({ [PATH]: object(bytes), ...routes });
  const { acquirer, signal } = opened();
  expect(await acquirer.file(server.url + PATH, { signal })).toMatchObject({ verified, sha256 });
});

test.each([
  ['is HTML by its type', text(sha512, { 'content-type': 'text/html; charset=utf-8' }), /is HTML, not plain text/],
  ['is HTML by its content', text('<!doctype html><title>Sign in</title>'), /is HTML or XML/],
  ['is the XML of an error', text('<?xml version="1.0"?><Error/>'), /is HTML or XML/],
  ['is of another kind', text(sha256), /contains no sha512 checksum/],
  ['is empty', text(''), /contains no sha512 checksum/],
])('rejects a checksum that %s, without trying the others', async (_, answer, message) => {
  const server = await serve({ [PATH]: object(bytes), [`${PATH}.sha512`]: answer, [`${PATH}.sha256`]: text(sha256) });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(message);
  expect(server.asked).toEqual([`${PATH}.sha512`]);
});

test('requests only the first byte of a file without a checksum, to see that it exists', async () => {
  const server = await serve({ [PATH]: object(bytes) });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/no checksum published/);
  expect(server.asked.filter((each) => each.startsWith(`${PATH} `))).toEqual([`${PATH} bytes=0-0`]);
});

test('reports a missing file as missing, not as one without a checksum', async () => {
  const server = await serve({});
  for (const allowUnverified of [false, true]) {
    const { acquirer, signal } = opened({ allowUnverified });
    await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(`${PATH}: the server answered 404`);
  }
});

test('a checksum that cannot be fetched does not count as missing', async () => {
  const server = await serve({
    [PATH]: object(bytes),
    [`${PATH}.sha512`]: (_, response) => void response.writeHead(503).end(),
    [`${PATH}.sha256`]: text(sha256),
  });
  const { acquirer, signal } = opened();
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/answered 503/);
});

test('--allow-unverified accepts a file without a checksum, warns and records it; other runs do not trust it', async () => {
  const server = await serve({ [PATH]: object(bytes) });
  const lax = opened({ allowUnverified: true });
  expect(await lax.acquirer.file(server.url + PATH, { signal: lax.signal })).toMatchObject({
    verified: 'nothing',
    sha256,
  });
  expect(lax.warnings).toEqual([expect.stringContaining('--allow-unverified')]);
  expect(lax.events).toMatchObject([{ fields: { verified: 'nothing', sha256 } }]);
  expect(await lax.acquirer.file(server.url + PATH, { signal: lax.signal })).toMatchObject({ cacheHit: true });
  const strict = opened({ cacheDir: lax.cacheDir });
  await expect(strict.acquirer.file(server.url + PATH, { signal: strict.signal })).rejects.toThrow(
    /no checksum published/,
  );
});

test('--allow-unverified still rejects a checksum mismatch', async () => {
  const server = await serve({ [PATH]: object(bytes), [`${PATH}.sha512`]: text('a'.repeat(128)) });
  const { acquirer, signal } = opened({ allowUnverified: true });
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(/checksum mismatch/);
});

test('parses only a text that begins with a checksum', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 60, maxLength: 68 }),
      (tail, digits) => {
        const found = parseChecksum(`${digits}${tail}`, 'sha256');
        const word = `${digits}${tail}`.trim().split(/\s/)[0] ?? '';
        expect(found).toBe(/^[0-9a-f]{64}$/i.test(word) ? word.toLowerCase() : undefined);
      },
    ),
  );
});

test('finds exactly the requested file in a list', () => {
  const name = fc.stringMatching(/^[a-z]{1,4}(\/[a-z]{1,4}){0,2}$/);
  const digest = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(name, digest), { selector: ([path]) => path, minLength: 1 }), (entries) => {
      const list = entries.map(([path, value]) => `${value}  ${path}`).join('\n');
      for (const [path, value] of entries) expect(findInSums(list, 'sha256', path)).toBe(value);
      expect(findInSums(list, 'sha256', 'not/there')).toBeUndefined();
    }),
  );
});

test('finds neither of two paths with the same ending in a list', () => {
  const list = `${'1'.repeat(64)}  /a/kubectl\n${'2'.repeat(64)}  /b/kubectl\n`;
  expect(findInSums(list, 'sha256', 'kubectl')).toBeUndefined();
});
