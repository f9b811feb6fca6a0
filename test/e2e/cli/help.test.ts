import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { registry } from '../../../bin/registry.ts';
import { namedFlags } from '../../../src/api/flags.ts';
import { commands } from '../../../src/cli/commands/index.ts';
import { klogFlags, launcherFlags } from '../../../src/cli/flags/launcher-flags.ts';
import { acquireFlags } from '../../../src/download/flags.ts';

const directory = mkdtempSync(join(tmpdir(), 'help-'));
afterAll(() => rmSync(directory, { recursive: true }));
for (const name of ['kubetest2-ts', ...registry.testers.map(({ name }) => `kubetest2-tester-${name}`)])
  symlinkSync(resolve('dist/kubetest2-ts.cjs'), join(directory, name));

function run(command: string, columns = 80) {
  const [program = '', ...args] = command.split(' ');
  return spawnSync(join(directory, program), args, {
    encoding: 'utf8',
    env: { PATH: dirname(process.execPath), HOME: directory, COLUMNS: String(columns) },
    cwd: directory,
    timeout: 15_000,
  });
}

const listed = commands.filter(({ hidden }) => !hidden);
const deployers = registry.deployers.map(({ name }) => name);
const testers = registry.testers.map(({ name }) => name);

const every = [
  'kubetest2-ts help',
  'kubetest2-ts options',
  ...deployers.map((name) => `kubetest2-ts ${name} --help`),
  ...deployers.flatMap((name) => testers.map((tester) => `kubetest2-ts ${name} --test=${tester} --help`)),
  ...testers.map((name) => `kubetest2-tester-${name} --help`),
  ...commands.filter(({ name }) => name !== 'complete-words').map(({ name }) => `kubetest2-ts ${name} --help`),
];

describe('help', () => {
  test.each(every)('of `%s` fits 80 and 120 columns', (command) => {
    for (const columns of [80, 120]) {
      const { status, stdout, stderr } = run(command, columns);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^Usage:\n {2}\S/);
      expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    }
  });

  test.each([...deployers, ...listed.map(({ name }) => name)])('of `help %s` is that of --help', (name) => {
    const { status, stdout } = run(`kubetest2-ts help ${name}`);
    expect([status, stdout]).toEqual([0, run(`kubetest2-ts ${name} --help`).stdout]);
  });

  test('of an unknown command is a usage error', () => {
    expect(run('kubetest2-ts help nothing')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('unknown deployer or command "nothing"'),
    });
  });

  test('of the launcher lists every deployer, tester and command with its summary', () => {
    const { stdout } = run('kubetest2-ts --help', 200);
    for (const { name, summary } of [...registry.deployers, ...registry.testers, ...listed])
      expect(stdout).toMatch(new RegExp(`^  ${name} +${summary.replace(/[.()?]/g, '\\$&')}$`, 'm'));
  });

  test('of a deployer lists its own flags, then those of the tester, then common ones', () => {
    const { stdout } = run('kubetest2-ts noop --test=ginkgo --help');
    const order = ['Flags of the noop deployer:', 'Flags of the ginkgo tester, after --:', 'Common flags:'];
    const headings = Array.from(stdout.matchAll(/^\S.*:$/gm), ([heading]) => heading);
    expect(headings.filter((heading) => order.includes(heading))).toEqual(order);
    expect(stdout).not.toContain('--cleanup-timeout');
  });
});

describe('options', () => {
  test('lists every common flag but the ignored ones of klog', () => {
    const { status, stdout } = run('kubetest2-ts options');
    expect(status).toBe(0);
    for (const { name, flag } of [launcherFlags, acquireFlags, klogFlags].flatMap((flags) => [...namedFlags(flags)]))
      expect(new RegExp(`--${name}\\b(?!-)`).test(stdout), name).toBe(!flag.more.hidden);
  });

  test('takes no arguments', () => {
    expect(run('kubetest2-ts options kind')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('the version', () => {
  test.each(['version', '--version', '-v'])('is printed in one line by `%s` as the first argument', (argument) => {
    const { status, stdout, stderr } = run(`kubetest2-ts ${argument}`);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^kubetest2-ts version v\d+\.\d+\.\d+\S* \(node \d+\.\d+\.\d+\)\n$/);
  });

  test('takes no arguments', () => {
    expect(run('kubetest2-ts version now')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringContaining('version: unexpected argument "now"'),
    });
  });
});
