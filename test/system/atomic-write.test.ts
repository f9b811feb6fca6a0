import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { readJunit } from '../../src/junit/read.ts';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { tempDirectory, tempMount } from '../helpers/records-directory.ts';

const rewriter = fileURLToPath(new URL('../helpers/programs/junit-rewriter.ts', import.meta.url));

describe('writeAtomic', () => {
  test('replaces the whole file and leaves nothing beside it', async () => {
    const directory = tempDirectory();
    const file = join(directory, 'a.json');
    writeFileSync(file, 'something much longer');
    writeAtomic(file, 'new');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(directory)).toEqual(['a.json']);
  });

  test('sets the permissions of the file', async () => {
    const file = join(tempDirectory(), 'a');
    writeAtomic(file, '', { mode: 0o600 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('names the file and the reason when the directory is missing', async () => {
    const file = join(tempDirectory(), 'missing/a');
    expect(() => writeAtomic(file, 'x')).toThrow(new RunError(`cannot write ${file}: no such file or directory`));
  });

  test('leaves nothing behind when the path is a directory', async () => {
    const directory = tempDirectory();
    mkdirSync(join(directory, 'a/b'), { recursive: true });
    expect(() => writeAtomic(join(directory, 'a'), 'x')).toThrow(RunError);
    expect(readdirSync(directory)).toEqual(['a']);
  });

  test('keeps the old content and leaves nothing behind when the disk is full', async ({ skip }) => {
    const directory = tempMount('size=64k');
    if (directory === undefined) return skip('mounting a file system in memory is refused');
    const file = join(directory, 'a');
    writeAtomic(file, 'old');
    expect(() => writeAtomic(file, 'x'.repeat(200_000))).toThrow('no space left on device');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toEqual(['a']);
  });
});

test('a process killed between rewrites leaves valid records', {
  timeout: 60_000,
}, async () => {
  const directory = tempDirectory();
  let cases = 0;
  for (const rewrites of [1, 5, 12, 20]) {
    const child = spawn(process.execPath, [rewriter, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exit = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) if (Number(line) >= rewrites) break;
    child.kill('SIGKILL');
    await exit;

    const { suites } = await readJunit(readFileSync(join(directory, 'junit_runner.xml'), 'utf8'), 'junit_runner.xml');
    const count = suites[0]?.cases.length ?? 0;
    expect(count).toBeGreaterThan(cases);
    cases = count;
    const metadata = JSON.parse(readFileSync(join(directory, 'metadata.json'), 'utf8')) as Record<string, string>;
    expect(Object.keys(metadata).length).toBeGreaterThan(rewrites);
  }
  expect(existsSync(join(directory, 'junit_runner.xml.unreadable'))).toBe(false);
});

test('replaces a read-only file in a writable directory', async () => {
  const file = join(tempDirectory(), 'a');
  writeFileSync(file, 'old');
  chmodSync(file, 0o400);
  writeAtomic(file, 'new');
  expect(readFileSync(file, 'utf8')).toBe('new');
});
