import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'completion-'));
symlinkSync(resolve('dist/kubetest2-ts.cjs'), join(folder, 'kubetest2-ts'));
afterAll(() => rmSync(folder, { recursive: true }));

const env = { PATH: `${folder}:${dirname(process.execPath)}:${process.env['PATH']}`, HOME: folder };
const run = (file: string, ...words: string[]) =>
  spawnSync(file, words, { encoding: 'utf8', env, cwd: folder, timeout: 15_000 });
const lines = (...words: string[]) =>
  run('kubetest2-ts', 'complete-words', ...words)
    .stdout.trim()
    .split('\n');

describe('completion in a shell', () => {
  test('bash completes with the script of `completion bash`', () => {
    const typed = 'COMP_WORDS=(kubetest2-ts noop --up-t); COMP_CWORD=2; _kubetest2_ts; echo "$COMPREPLY"';
    const { stdout, stderr } = run('bash', '-c', `eval "$(kubetest2-ts completion bash)"; ${typed}`);
    expect([stdout, stderr]).toEqual(['--up-timeout\n', '']);
  });

  test('bash completes the value after =, which it splits off', () => {
    expect(lines('bash', 'noop', '--down', '=', 'n')).toEqual(['never']);
    expect(lines('bash', 'noop', '--test', '=', 'ex')).toEqual(['exec']);
  });

  test('zsh and fish get the help of each completion', () => {
    expect(lines('zsh', 'doct')[0]).toMatch(/^doctor:\S/);
    expect(lines('fish', 'doct')[0]).toMatch(/^doctor\t\S/);
  });

  test.each(['bash', 'zsh', 'fish'])('the script for %s calls the program', (shell) => {
    expect(run('kubetest2-ts', 'completion', shell).stdout).toMatch(
      /kubetest2-ts[\s\S]*complete-words|complete-words[\s\S]*kubetest2-ts/,
    );
  });

  test('another shell is a usage error that lists the known ones', () => {
    expect(run('kubetest2-ts', 'completion', 'tcsh')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});
