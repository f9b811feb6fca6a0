import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'entry-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the built program, with the version of node it sees replaced when one is given. */
function start({ version, env = {} }: { version?: string; env?: NodeJS.ProcessEnv }) {
  const preload = join(folder, 'preload.cjs');
  const pretended = `Object.defineProperty(process.versions, 'node', { value: '${version}' })`;
  writeFileSync(preload, version === undefined ? '' : pretended);
  return spawnSync(process.execPath, ['--require', preload, 'dist/kubetest2-ts.js', '--version'], {
    encoding: 'utf8',
    timeout: 15_000,
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });
}

describe('the entry', () => {
  test.each(['14.21.3', '20.20.2', '22.18.0'])('says on node %s what is needed, exit 2', (version) => {
    const { status, stdout, stderr } = start({ version });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^kubetest2-ts needs Node\.js 22\.19 or newer.*\n$/);
  });

  test.each(['22.19.0', '24.0.0', '30.1.0'])('starts on node %s', (version) => {
    expect(start({ version })).toMatchObject({ status: 0, stdout: expect.stringContaining('version') });
  });

  test('keeps compiled code in the cache folder of the user', () => {
    start({ env: { XDG_CACHE_HOME: join(folder, 'caches') } });
    expect(existsSync(join(folder, 'caches/kubetest2-ts/compiled'))).toBe(true);
  });

  test('keeps none where that is turned off', () => {
    start({ env: { XDG_CACHE_HOME: join(folder, 'none'), NODE_DISABLE_COMPILE_CACHE: '1' } });
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  test('starts where no cache can be written', () => {
    expect(start({ env: { XDG_CACHE_HOME: '/dev/null' } })).toMatchObject({ status: 0, stderr: '' });
    expect(start({ env: { HOME: undefined } })).toMatchObject({ status: 0, stderr: '' });
  });
});
