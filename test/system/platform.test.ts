import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { binaryPlatforms, checkBinary, parsePlatform, platformOf } from '../../src/system/platform.ts';
import { tempDirectory } from '../helpers/downloader.ts';
import { elf } from '../helpers/test-package.ts';

function machO(magic: number, ...words: number[]): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32BE(magic);
  words.forEach((word, at) => {
    magic === 0xcafebabe ? bytes.writeUInt32BE(word, 4 + 4 * at) : bytes.writeUInt32LE(word, 4 + 4 * at);
  });
  return bytes;
}

const headers: [string, Buffer, string[]][] = [
  ['an ELF for amd64', elf(62), ['linux/amd64']],
  ['an ELF for arm64', elf(183), ['linux/arm64']],
  ['an ELF for ppc64le', elf(21), ['linux/ppc64le']],
  ['an ELF for s390x', elf(22, { big: true }), ['linux/s390x']],
  ['an ELF for big-endian POWER', elf(21, { big: true }), ['linux/machine 21']],
  ['a Mach-O for amd64', machO(0xcffaedfe, 0x01000007), ['darwin/amd64']],
  ['a Mach-O for arm64', machO(0xcffaedfe, 0x0100000c), ['darwin/arm64']],
  ['a universal Mach-O', machO(0xcafebabe, 2, 0x01000007, 0, 0, 0, 0, 0x0100000c), ['darwin/amd64', 'darwin/arm64']],
  ['a script', Buffer.from('#!/bin/sh\nexec something-else "$@"\n'), []],
  ['an empty file', Buffer.alloc(0), []],
  ['four bytes of an ELF', Buffer.from([0x7f, 0x45, 0x4c, 0x46]), []],
];

test.each(headers)('%s is recognized', async (_, bytes, platforms) => {
  const file = join(tempDirectory(), 'program');
  writeFileSync(file, bytes);
  expect(await binaryPlatforms(file)).toEqual(platforms);
});

test('accepts a binary for this platform', async () => {
  await checkBinary(process.execPath, platformOf(process), 'node');
});

test('accepts a script, which may wrap a binary for this platform', async () => {
  const file = join(tempDirectory(), 'kubectl');
  writeFileSync(file, '#!/bin/sh\n');
  await checkBinary(file, parsePlatform('linux/arm64'), 'kubectl');
  writeFileSync(file, '<html>');
  await expect(checkBinary(file, parsePlatform('linux/arm64'), 'kubectl')).rejects.toThrow('is not a binary');
});

test('rejects a binary for another platform, naming both', async () => {
  const file = join(tempDirectory(), 'kubectl');
  writeFileSync(file, elf(183));
  await expect(checkBinary(file, parsePlatform('darwin/arm64'), 'kubectl')).rejects.toThrow(
    'kubectl is a binary for linux/arm64, not darwin/arm64',
  );
});

test.each(['windows/amd64', 'linux', 'linux/x64', '', 'linux/amd64/v3'])('rejects the platform %j', (value) => {
  expect(() => parsePlatform(value)).toThrow(UsageError);
});

test("maps Node's names of architectures to Go's", () => {
  expect(platformOf({ platform: 'linux', arch: 'x64' })).toEqual({ os: 'linux', arch: 'amd64' });
  expect(platformOf({ platform: 'linux', arch: 'ppc64' })).toEqual({ os: 'linux', arch: 'ppc64le' });
  expect(platformOf({ platform: 'darwin', arch: 'arm64' })).toEqual({ os: 'darwin', arch: 'arm64' });
  expect(() => platformOf({ platform: 'win32', arch: 'x64' })).toThrow(UsageError);
});
