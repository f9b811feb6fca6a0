import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PendingWrites } from '../../src/lifecycle/pending-writes.ts';
import { writeAtomic } from '../../src/system/atomic-write.ts';
import { tempDirectory } from '../helpers/records-directory.ts';

function writes() {
  const warnings: string[] = [];
  return { warnings, pending: new PendingWrites({ warn: (message) => void warnings.push(message) }) };
}

test('a write that fails is kept, warned of once, and tried again', () => {
  const { pending, warnings } = writes();
  const directory = tempDirectory();
  const file = join(directory, 'record');
  mkdirSync(file);
  expect(pending.attempt(file, () => writeAtomic(file, 'one'))).toBe(false);
  expect(pending.attempt(file, () => writeAtomic(file, 'two'))).toBe(false);
  expect(warnings).toEqual([expect.stringContaining(file)]);
  expect(pending.errors).toHaveLength(1);
  rmSync(file, { recursive: true });
  pending.retry();
  expect(pending.errors).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe('two');
});

test('a directory that has gone is created again', () => {
  const { pending, warnings } = writes();
  const file = join(tempDirectory(), 'run', 'state.json');
  expect(pending.attempt(file, () => writeAtomic(file, 'state'), 0o700)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('state');
  expect(warnings).toEqual([]);
});

test('one record that cannot be written does not keep another from being', () => {
  const { pending } = writes();
  const directory = tempDirectory();
  writeFileSync(join(directory, 'file'), '');
  const [bad, good] = [join(directory, 'file', 'record'), join(directory, 'record')];
  expect(pending.attempt(bad, () => writeAtomic(bad, 'x'))).toBe(false);
  expect(pending.attempt(good, () => writeAtomic(good, 'x'))).toBe(true);
  expect(pending.errors).toEqual([expect.objectContaining({ message: expect.stringContaining(bad) })]);
});
