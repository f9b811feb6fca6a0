import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { parseFlags } from '../../src/cli/flags/parse.ts';
import { acquireFlags, acquireSettings } from '../../src/download/flags.ts';
import { type Pins, readPins } from '../../src/download/pins.ts';
import { opened, tempDirectory } from '../helpers/downloader.ts';
import { hex, object, published, serve } from '../helpers/servers/files.ts';
import { noise } from '../helpers/test-package.ts';

const kubectl = noise(40_000, 8);
const ROOT = '/release/v1.36.1';
const PATH = `${ROOT}/bin/linux/amd64/kubectl`;

function pinsFile(...files: Pins['files']): string {
  const file = join(tempDirectory(), 'pins.json');
  writeFileSync(file, JSON.stringify({ schema: 1, markers: {}, files }));
  return file;
}

test('with --pins a file is verified against its pin, not the published checksum', async () => {
  const server = await serve({ [PATH]: object(kubectl) });
  const pins = pinsFile({ url: server.url + PATH, sha512: hex('sha512', kubectl), size: kubectl.length });
  const { acquirer, signal } = opened({ pins });
  expect(await acquirer.file(server.url + PATH, { signal })).toMatchObject({ verified: 'pin', cacheHit: false });
  expect(await acquirer.file(server.url + PATH, { signal })).toMatchObject({ verified: 'pin', cacheHit: true });
  expect(server.asked.every((each) => each.startsWith(`${PATH} `))).toBe(true);
});

test('with --pins a file that is not listed is rejected before any request', async () => {
  const server = await serve(published(PATH, kubectl));
  const { acquirer, signal } = opened({ pins: pinsFile() });
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow('is not in the pins file');
  expect(server.asked).toEqual([]);
});

test.each([
  ['digest', { sha512: 'b'.repeat(128) }, /checksum mismatch .* expected bbb.* from .*pins\.json/],
  ['size', { size: 7 }, /40000 bytes, expected 7 from its pin/],
])('rejects a file with another %s than its pin', async (_, differs, message) => {
  const server = await serve(published(PATH, kubectl));
  const pins = pinsFile({ url: server.url + PATH, sha512: hex('sha512', kubectl), size: kubectl.length, ...differs });
  const { acquirer, signal } = opened({ pins });
  await expect(acquirer.file(server.url + PATH, { signal })).rejects.toThrow(message);
});

test('fetches a cached file again if its digest is not the pinned one', async () => {
  const server = await serve(published(PATH, kubectl));
  const free = opened();
  await free.acquirer.file(server.url + PATH, { signal: free.signal });
  const other = noise(40_000, 9);
  server.routes.set(PATH, object(other));
  const pins = pinsFile({ url: server.url + PATH, sha512: hex('sha512', other), size: other.length });
  const pinned = opened({ pins, cacheDir: free.cacheDir });
  expect(await pinned.acquirer.file(server.url + PATH, { signal: pinned.signal })).toMatchObject({
    cacheHit: false,
    sha256: hex('sha256', other),
  });
});

test.each([
  ['is missing', undefined],
  ['is not JSON', '{'],
  ['is of another schema', '{"schema":2,"files":[]}'],
  ['has no files', '{"schema":1}'],
  ['has a file without a digest', '{"schema":1,"files":[{"url":"https://a/b","size":1}]}'],
  ['has a file without a URL', '{"schema":1,"files":[{"url":"b","sha512":"","size":1}]}'],
])('rejects a pins file that %s, naming it', async (_, content) => {
  const file = join(tempDirectory(), 'pins.json');
  if (content !== undefined) writeFileSync(file, content);
  await expect(readPins(file)).rejects.toThrow(UsageError);
  await expect(readPins(file)).rejects.toThrow(`cannot read --pins file ${file}: `);
});

test('a pins file is read once for all downloaders of a run', async () => {
  const server = await serve(published(PATH, kubectl));
  const pins = pinsFile({ url: server.url + PATH, sha512: hex('sha512', kubectl), size: kubectl.length });
  const { values } = parseFlags({ acquire: acquireFlags }, [`--pins=${pins}`], {});
  const { readPins: once } = acquireSettings(values.acquire, { cwd: '/', home: '/', env: {} });
  for (const _ of [1, 2]) {
    const { acquirer, signal } = opened({ pins, ...(once && { readPins: once }) });
    expect(await acquirer.file(server.url + PATH, { signal })).toMatchObject({ verified: 'pin' });
    rmSync(pins, { force: true });
  }
});
