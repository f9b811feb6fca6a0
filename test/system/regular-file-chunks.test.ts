import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { regularFileChunks } from '../../src/system/regular-file-chunks.ts';
import { tempDirectory } from '../helpers/records-directory.ts';

const never = new AbortController().signal;

async function read(path: string, followLinks = true, signal: AbortSignal = never): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of regularFileChunks(path, signal, { followLinks })) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts).toString();
}

test('a file is read whole, in chunks', async () => {
  const file = join(tempDirectory(), 'a');
  const text = '0123456789'.repeat(100_000);
  writeFileSync(file, text);
  expect(await read(file)).toBe(text);
  writeFileSync(file, '');
  expect(await read(file)).toBe('');
});

test('a file that grows is read to the size that it had', async () => {
  const file = join(tempDirectory(), 'a');
  writeFileSync(file, 'x'.repeat(300_000));
  let length = 0;
  for await (const chunk of regularFileChunks(file, never)) {
    length += chunk.length;
    appendFileSync(file, 'more');
  }
  expect(length).toBe(300_000);
});

describe('what is no regular file', () => {
  test('is refused without waiting', async () => {
    const folder = tempDirectory();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const server = createServer().listen(join(folder, 'socket'));
    onTestFinished(() => void server.close());
    mkdirSync(join(folder, 'dir'));
    await expect(read(join(folder, 'socket'))).rejects.toThrow('no such device or address');
    for (const [path, kind] of [
      [join(folder, 'pipe'), 'a named pipe'],
      [join(folder, 'dir'), 'a directory'],
      ['/dev/zero', 'a device'],
    ] as const) {
      const refusal = await read(path).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(RunError);
      expect(refusal).toHaveProperty('message', `cannot read ${path}: it is ${kind}, not a regular file`);
    }
  });

  test('is a link only where a record is expected', async () => {
    const folder = tempDirectory();
    writeFileSync(join(folder, 'a'), 'text');
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    expect(await read(join(folder, 'link'))).toBe('text');
    await expect(read(join(folder, 'link'), false)).rejects.toThrow('it is a symbolic link');
  });
});

test('a missing file is an error with the reason of the system and its code', async () => {
  const refusal = await read('/no/such/file').catch((error: unknown) => error);
  expect(refusal).toHaveProperty('message', 'cannot read /no/such/file: no such file or directory');
  expect(refusal).toHaveProperty('cause.code', 'ENOENT');
});

test('a signal that aborts ends the reading with its reason', async () => {
  const file = join(tempDirectory(), 'a');
  writeFileSync(file, 'x'.repeat(10_000_000));
  const stop = new AbortController();
  let chunks = 0;
  const reading = (async () => {
    for await (const _ of regularFileChunks(file, stop.signal)) {
      if (++chunks === 2) stop.abort(new Error('stopped'));
    }
  })();
  await expect(reading).rejects.toThrow('stopped');
  expect(chunks).toBe(2);
  await expect(read(file, true, AbortSignal.abort(new Error('at once')))).rejects.toThrow('at once');
});
