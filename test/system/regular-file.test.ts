import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readRegular, readRegularSync } from '../../src/system/regular-file.ts';
import { tempDirectory } from '../helpers/records-directory.ts';

const readers = [
  ['at once', async (path: string, options = {}) => readRegularSync(path, options)],
  [
    'with a signal',
    async (path: string, options = {}) => await readRegular(path, AbortSignal.timeout(10_000), options),
  ],
] as const;

describe.each(readers)('reading %s', (_name, read) => {
  test('gives the text of a regular file', async () => {
    const file = join(tempDirectory(), 'file');
    writeFileSync(file, 'text é');
    expect(await read(file)).toBe('text é');
  });

  test('refuses a named pipe, a directory and a device, without waiting', async () => {
    const directory = tempDirectory();
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    mkdirSync(join(directory, 'directory'));
    await expect(read(pipe)).rejects.toThrow(`cannot read ${pipe}: it is a named pipe, not a regular file`);
    await expect(read(join(directory, 'directory'))).rejects.toThrow('it is a directory');
    await expect(read('/dev/zero')).rejects.toThrow('it is a device');
  });

  test('follows a link only where that is asked for', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'file'), 'text');
    symlinkSync('file', join(directory, 'link'));
    await expect(read(join(directory, 'link'))).rejects.toThrow('it is a symbolic link');
    expect(await read(join(directory, 'link'), { followLinks: true })).toBe('text');
  });

  test('refuses what is too large, and names what is missing', async () => {
    const file = join(tempDirectory(), 'file');
    writeFileSync(file, 'x'.repeat(11));
    await expect(read(file, { limit: 10 })).rejects.toThrow('it has 11 bytes, more than the 10 that are read');
    await expect(read(`${file}.none`)).rejects.toThrow(`cannot read ${file}.none: no such file or directory`);
  });
});
