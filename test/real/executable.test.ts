import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleWhole } from '../../scripts/package/bundle.ts';
import { makeExecutable } from '../../scripts/package/executable.ts';
import { componentsFolder } from '../../scripts/pinned.ts';
import { Sandbox } from '../sandbox.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'executable-'));
const bin = join(folder, 'bin');
const program = join(bin, 'kubetest2-ts');
const outputs = mkdtempSync(join(tmpdir(), 'executable-out-'));
const lifecycle = ['noop', '--up', '--down', '--test=exec', '--'];
/** Nothing but the system's own folders: no node among them on most machines, and none is looked for. */
const PATH = '/usr/bin:/bin';

async function make(destination: string): Promise<void> {
  const cjs = join(dirname(destination), 'kubetest2-ts.cjs');
  await bundleWhole(root, { version: '1.2.3', commit: 'abcdef' }, cjs);
  // The node that runs this is the one of package.json.
  const platform = { os: process.platform, cpu: process.arch, node: process.versions.node };
  const here = { version: platform.node, node: process.execPath, licence: '' };
  await makeExecutable({ program: cjs, platform, runtime: here, here, folder: dirname(cjs), destination });
}

beforeAll(async () => {
  mkdirSync(bin);
  await make(program);
});
afterAll(() => {
  for (const each of [folder, outputs]) rmSync(each, { recursive: true, force: true });
});

describe.runIf(process.platform === 'linux')('the single executable', () => {
  test('says what it is, and runs what it holds whatever NODE_OPTIONS say', async () => {
    using sandbox = new Sandbox({ PATH, NODE_OPTIONS: '--require /nowhere.js' });
    const { code, stdout, stderr } = await sandbox.start([program, '--version']).ended;
    expect([code, stdout, stderr]).toEqual([
      0,
      `kubetest2-ts version v1.2.3+abcdef (node ${process.versions.node})\n`,
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
    expect((await sandbox.start([join(sandbox.bin, 'kubetest2'), '--version']).ended).stdout).toContain('v1.2.3');
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

const bare = join(componentsFolder(process.env), 'bare-debian');
const hasRoot = existsSync(bare) || spawnSync('mmdebstrap', ['--version']).status === 0;
const isRoot = process.getuid?.() === 0;

/** Starts a shell line in the bare root: read-only but for 16 MiB below /tmp, the program below /opt. */
const ENTER = `set -e
mount --bind "$0" "$0"
mount --bind /dev "$0/dev"
mount -t proc proc "$0/proc"
mount --bind "$1" "$0/opt"
mount -o remount,bind,ro "$0/opt"
mount -t tmpfs -o size=16m tmpfs "$0/tmp"
mount -o remount,bind,ro "$0"
exec chroot "$0" /usr/bin/env -i PATH=/usr/bin:/bin:/opt HOME=/tmp ARTIFACTS=/tmp/artifacts sh -c "cd /tmp; $2"`;

function inBare(line: string) {
  const words = ['--mount', 'sh', '-c', ENTER, bare, bin, line];
  return spawnSync('unshare', words, { encoding: 'utf8' });
}

describe.runIf(isRoot && hasRoot)(
  `the single executable in a bare Debian${isRoot && hasRoot ? '' : ' (left out: needs root and mmdebstrap)'}`,
  () => {
    beforeAll(() => {
      if (existsSync(bare)) return;
      const draft = mkdtempSync(`${bare}.`);
      const { status, stderr } = spawnSync(
        'mmdebstrap',
        ['--variant=essential', '--include=libstdc++6', 'bookworm', draft],
        {
          encoding: 'utf8',
        },
      );
      if (status !== 0) throw new Error(stderr);
      chmodSync(draft, 0o755);
      renameSync(draft, bare);
    });

    test('runs a lifecycle on a read-only root with a small /tmp', () => {
      const { status, stdout } = inBare(
        `kubetest2-ts ${lifecycle.join(' ')} true && cat /tmp/artifacts/junit_runner.xml`,
      );
      expect([status, stdout]).toEqual([0, expect.stringContaining('name="Down"')]);
    });

    test('makes its names, and is each of them', () => {
      const { status, stdout } = inBare('kubetest2-ts link names >/dev/null && names/kubetest2-noop --help');
      expect([status, stdout]).toEqual([0, expect.stringContaining('kubetest2-ts noop [flags]')]);
    });

    test('ends with 130 when it is interrupted', () => {
      const { status } = inBare(`kubetest2-ts ${lifecycle.join(' ')} sh -c 'kill -INT \\$PPID; sleep 60'`);
      expect(status).toBe(130);
    });

    test('doctor says what is missing there', () => {
      const { stdout, stderr } = inBare('kubetest2-ts doctor');
      expect(stdout + stderr).toMatch(/kubectl/);
    });
  },
);

test('the same sources make the same executable, byte for byte', async () => {
  const again = join(outputs, 'kubetest2-ts');
  await make(again);
  expect(readFileSync(again).equals(readFileSync(program))).toBe(true);
});
