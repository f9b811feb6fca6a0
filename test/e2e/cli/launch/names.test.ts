import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Sandbox } from '../../../helpers/sandbox.ts';

describe.concurrent('names', () => {
  test.each([
    ['deployer', ['x'.repeat(5000)], 'unknown deployer or command "xxx'],
    ['tester', ['noop', `--test=${'x'.repeat(5000)}`], 'unknown tester "xxx'],
  ])('an overlong name of a %s is a usage error', async (_, words, message) => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(words);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a run ID with a colon is refused before anything is written', async () => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(['noop', '--up', '--run-id=2026-11-28T12:00:00']);
    expect(code).toBe(2);
    expect(stderr).toContain('invalid run ID "2026-11-28T12:00:00": it contains a colon');
    expect(readdirSync(sandbox.dir)).not.toContain('_rundir');
  });

  test('links made by several calls at once are complete', async () => {
    using sandbox = new Sandbox();
    const directory = join(sandbox.dir, 'bin-links');
    const runs = await Promise.all(Array.from({ length: 4 }, () => sandbox.run(['link', directory, '--force'])));
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, '']));
    const names = readdirSync(directory);
    expect(names).toContain('kubetest2');
    expect(names.filter((name) => name.endsWith('.new'))).toEqual([]);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) expect(readlinkSync(join(directory, name))).not.toBe('');
  });
});
