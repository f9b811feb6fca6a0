import { readFileSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list } from 'tar';
import { expect, onTestFinished, test } from 'vitest';
import { archive } from '../../../scripts/package/archive.ts';

async function packed(names: readonly string[], touched: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of names) {
    await writeFile(join(folder, name), `this is ${name}`);
    await chmod(join(folder, name), name === 'program' ? 0o755 : 0o644);
    await utimes(join(folder, name), touched, touched);
  }
  const file = join(folder, 'all.tar.gz');
  await archive(file, folder, names, 1_700_000_000);
  return file;
}

test('the same files give the same bytes, in whatever order and whenever they were written', async () => {
  const [one, two] = [await packed(['program', 'LICENSE'], 1_000_000), await packed(['LICENSE', 'program'], 2_000_000)];
  expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
});

test('entries are sorted, belong to nobody, are of the given time, and programs stay programs', async () => {
  const entries: unknown[] = [];
  await list({
    file: await packed(['program', 'LICENSE'], 1_000_000),
    onReadEntry: ({ path, mode, mtime, uid, uname }) =>
      entries.push([path, ((mode ?? 0) & 0o111) !== 0, mtime?.getTime(), uid, uname]),
  });
  expect(entries).toEqual([
    ['LICENSE', false, 1_700_000_000_000, undefined, ''],
    ['program', true, 1_700_000_000_000, undefined, ''],
  ]);
});
