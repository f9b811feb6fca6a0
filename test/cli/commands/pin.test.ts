import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/api/errors.ts';
import { pin } from '../../../src/cli/commands/pin.ts';
import type { Pins } from '../../../src/download/pins.ts';
import { callCommand } from '../../helpers/commands.ts';
import { opened, tempDirectory } from '../../helpers/downloader.ts';
import { hex, object, published, serve, text } from '../../helpers/servers/files.ts';
import { noise } from '../../helpers/test-package.ts';

const kubectl = noise(40_000, 8);
const ROOT = '/release/v1.36.1';
const PATH = `${ROOT}/bin/linux/amd64/kubectl`;

test('pin writes what a run with those versions fetches, and such a run accepts it', async () => {
  const tests = noise(70_000, 10);
  const server = await serve({
    '/release/stable.txt': text('v1.36.1\n'),
    ...published(`${ROOT}/kubernetes-test-linux-amd64.tar.gz`, tests),
    ...published(`${ROOT}/kubernetes-test-linux-arm64.tar.gz`, tests),
    ...published(PATH, kubectl),
    // Published by sha256 alone: its sha512 has to be taken.
    [`${ROOT}/bin/linux/arm64/kubectl`]: object(kubectl),
    [`${ROOT}/bin/linux/arm64/kubectl.sha256`]: text(hex('sha256', kubectl)),
  });
  const marker = `${server.url}/release/stable.txt`;
  const { code, out } = await callCommand('pin', pin, [marker, '--platform', 'linux/amd64,linux/arm64']);
  expect(code).toBe(0);
  const pins = JSON.parse(out) as Pins;
  const pinOf = (path: string, bytes: Buffer) => ({
    url: `${server.url}${ROOT}/${path}`,
    sha512: hex('sha512', bytes),
    size: bytes.length,
  });
  expect(pins).toEqual({
    schema: 1,
    markers: { [marker]: 'v1.36.1' },
    files: [
      pinOf('kubernetes-test-linux-amd64.tar.gz', tests),
      pinOf('bin/linux/amd64/kubectl', kubectl),
      pinOf('kubernetes-test-linux-arm64.tar.gz', tests),
      pinOf('bin/linux/arm64/kubectl', kubectl),
    ],
  });
  const file = join(tempDirectory(), 'pins.json');
  writeFileSync(file, out);
  server.routes.set('/release/stable.txt', text('v1.36.2'));
  const { acquirer, signal } = opened({ pins: file });
  const { version } = await acquirer.resolve(marker, { signal });
  expect(version).toBe('v1.36.1');
  expect(await acquirer.file(`${server.url}${PATH}`, { signal })).toMatchObject({ verified: 'pin' });
});

test('pin pins the files that are named instead', async () => {
  const server = await serve({ ...published(`${ROOT}/kubernetes-server-linux-s390x.tar.gz`, kubectl) });
  const args = [`${server.url}${ROOT}`, '--platform=linux/s390x', '--file=kubernetes-server-OS-ARCH.tar.gz'];
  const { out } = await callCommand('pin', pin, args);
  expect(JSON.parse(out)).toMatchObject({
    files: [{ url: `${server.url}${ROOT}/kubernetes-server-linux-s390x.tar.gz` }],
  });
});

test.each([
  [[], 'pin: missing argument'],
  [['v1.36.1', '--platform=windows/amd64'], 'windows/amd64'],
  [['v1.36.1', '--platfrom=linux/amd64'], '--platfrom'],
])('pin %j is a usage error', async (args, message) => {
  await expect(callCommand('pin', pin, args)).rejects.toThrow(UsageError);
  await expect(callCommand('pin', pin, args)).rejects.toThrow(message);
});
