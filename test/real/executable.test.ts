import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noPackages, packaged } from '../helpers/real/packaged.ts';
import { Sandbox } from '../helpers/sandbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'executable-'));
const program = join(folder, 'kubetest2-ts');
const lifecycle = ['noop', '--up', '--down', '--test=exec', '--'];
/** Nothing but the system's own folders: no node among them on most machines, and none is looked for. */
const PATH = '/usr/bin:/bin';

beforeAll(async () => {
  const { directory: packages, version } = await packaged();
  const archive = join(packages, `kubetest2-ts-${version}-linux-amd64.tar.gz`);
  execFileSync('tar', ['-xzf', archive, '-C', folder, 'kubetest2-ts']);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe.skipIf(noPackages !== '')(`the single executable${noPackages && ` (left out: needs ${noPackages})`}`, () => {
  test('says what it is, and runs what it holds whatever NODE_OPTIONS say', async () => {
    using sandbox = new Sandbox({ PATH, NODE_OPTIONS: '--require /nowhere.js' });
    const { code, stdout, stderr } = await sandbox.start([program, '--version']).ended;
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^kubetest2-ts version v\S+ \(node 24\.21\.0\)\n$/),
      // Compiled code that V8 refused would be told here.
      '',
    ]);
  });

  test('runs a lifecycle, and passes NODE_OPTIONS on to the tests', async () => {
    using sandbox = new Sandbox({ PATH, NODE_OPTIONS: '--require /nowhere.js' });
    const { code } = await sandbox.start([program, ...lifecycle, 'sh', '-c', 'echo "$NODE_OPTIONS" >options']).ended;
    expect(code).toBe(0);
    expect(sandbox.read('options')).toBe('--require /nowhere.js\n');
    expect(sandbox.read('artifacts/junit_runner.xml')).toContain('name="Test"');
  });

  test.each([
    ['completes words', ['complete-words', 'bash', 'noop', '--down', '=', 'n'], 0, 'never\n', ''],
    ['reads a kubeconfig', ['noop', '--up', '--kubeconfig=odd.yaml'], 3, '', 'odd.yaml'],
  ])('%s with a package that it holds', async (_, words, expected, said, complaint) => {
    using sandbox = new Sandbox({ PATH });
    writeFileSync(join(sandbox.dir, 'odd.yaml'), 'clusters: [');
    const { code, stdout, stderr } = await sandbox.start([program, ...words]).ended;
    expect([code, stdout], stderr).toEqual([expected, said]);
    expect(stderr).toContain(complaint);
  });

  test('is the program it is called by, through the links it makes', async () => {
    using sandbox = new Sandbox({ PATH });
    expect((await sandbox.start([program, 'link', sandbox.bin]).ended).code).toBe(0);
    const called = async (name: string, ...words: string[]) => {
      const { code, stdout } = await sandbox.start([join(sandbox.bin, name), ...words]).ended;
      return [code, stdout.split('\n')[1]?.trim().split(' ').slice(0, 2).join(' ')];
    };
    expect(await called('kubetest2-kind', '--help')).toEqual([0, 'kubetest2-ts kind']);
    expect(await called('kubetest2-noop', '--help')).toEqual([0, 'kubetest2-ts noop']);
    const tester = await sandbox.start([join(sandbox.bin, 'kubetest2-tester-exec'), '--help']).ended;
    expect([tester.code, tester.stdout]).toEqual([0, expect.stringContaining('kubetest2-tester-exec')]);
    expect((await sandbox.start([join(sandbox.bin, 'kubetest2'), '--version']).ended).stdout).toContain(
      'kubetest2-ts version',
    );
    const again = await sandbox.start([program, 'link', sandbox.bin]).ended;
    expect([again.code, again.stdout]).toEqual([0, '']);
  });

  test('stopped while testing ends with 130, takes the cluster down and leaves no process', async () => {
    using sandbox = new Sandbox({ PATH });
    const run = sandbox.start([program, ...lifecycle, 'sleep', '60']);
    await sandbox.until(() => sandbox.processes().some(({ command }) => command === 'sleep 60'), 'the tests to begin');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(sandbox.read('artifacts/junit_runner.xml')).toContain('name="Down"');
    expect(sandbox.processes()).toEqual([]);
  });
});
