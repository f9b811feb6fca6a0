import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, Sandbox } from '../../helpers/sandbox.ts';

/** A tester in shell, by the contract: with --help it prints its usage and does nothing else. */
const shellTester = `
if [ "$1" = --help ]; then echo "probed with: $*" >>"$LOG"; [ "$2" = --bad ] && { echo "no flag --bad" >&2; exit 1; }; echo "usage"; exit 0; fi
echo "args: $*" >>"$LOG"
echo "$KUBETEST2_RUN_ID $ARTIFACTS $KUBETEST2_RUN_DIR \${PATH%%:*}" >>"$LOG"
[ "$1" = fail ] && exit 9
[ "$1" = hang ] && exec sleep 60
cat
exit 0`;

/** A tester in Python that updates metadata.json as Go's testers do: it fails when its keys already exist. */
const pythonTester = `#!/usr/bin/python3
import json, os, sys
if sys.argv[1:2] == ['--help']:
    print('usage'); sys.exit(0)
file = os.path.join(os.environ['ARTIFACTS'], 'metadata.json')
data = json.load(open(file))
for key, value in {'tester-version': 'py1', 'job-version': ''}.items():
    if key in data: sys.exit('key %s already exists' % key)
    data[key] = value
json.dump(data, open(file, 'w'))
print(os.environ.get('KUBECONFIG', 'no kubeconfig'))
`;

/** A complete deployer, as those in Go: it accepts any arguments and runs a tester by the contract. */
const shellDeployer = `
echo "deployer: $*" >>"$LOG"; echo "version: $KUBETEST2_VERSION" >>"$LOG"
trap 'echo "deployer got INT" >>"$LOG"; exit 0' INT
case "$1" in
  code) exit "$2" ;;
  hang) echo hanging >>"$LOG"; while :; do sleep 60; done ;;
  killed) kill -KILL $$ ;;
  read) cat ;;
esac
for arg; do [ "$found" ] && args="$args $arg"; [ "$arg" = -- ] && found=1; done
if [ "$found" ]; then
  "kubetest2-tester-$TESTER" --help $args >/dev/null || exit 1
  ARTIFACTS=$ARTIFACTS KUBETEST2_RUN_DIR=$PWD KUBETEST2_RUN_ID=go "kubetest2-tester-$TESTER" $args </dev/null || exit 1
fi`;

function sandboxWith(): Sandbox {
  const sandbox = new Sandbox();
  sandbox.env['LOG'] = join(sandbox.dir, 'log');
  sandbox.script('kubetest2-tester-shell', shellTester);
  sandbox.script('kubetest2-tester-python', pythonTester);
  sandbox.script('kubetest2-foreign', shellDeployer);
  return sandbox;
}

describe.concurrent('a tester on PATH', () => {
  test('is probed with its arguments, then run with them and the environment of the contract', async () => {
    using sandbox = sandboxWith();
    const { code, stderr } = await sandbox.run([
      'noop',
      '--run-id=one',
      '--up',
      '--test=shell',
      '--',
      '--flag',
      'a b',
      '--',
      'c',
    ]);
    expect(code, stderr).toBe(0);
    const dir = join(sandbox.dir, 'rundir/one');
    expect(sandbox.read('log')).toBe(
      `probed with: --help --flag a b -- c\nargs: --flag a b -- c\none ${sandbox.artifacts} ${dir} ${dir}\n`,
    );
  });

  test('that rejects its arguments stops the run before anything is written', async () => {
    using sandbox = sandboxWith();
    const { code, stderr } = await sandbox.run(['noop', '--up', '--test=shell', '--', '--bad']);
    expect(code).toBe(2);
    expect(stderr).toContain('no flag --bad');
    expect(() => sandbox.read('artifacts/metadata.json')).toThrow();
  });

  test.each([[[]], [['--known']]])('that does not know --help runs, with %j', async (args) => {
    using sandbox = new Sandbox();
    sandbox.script(
      'kubetest2-tester-plain',
      '[ "$1" = --help ] && { echo "unknown flag: $1" >&2; exit 2; }; echo "ran $*"',
    );
    const { code, stdout, stderr } = await sandbox.run(['noop', '--test=plain', '--', ...args]);
    expect([code, stdout]).toEqual([0, `ran ${args.join(' ')}\n`]);
    expect(stderr).toMatch(/Cannot check the arguments of tester \S+: it does not know --help/);
  });

  test('that fails fails the run, with its own exit code in the text', async () => {
    using sandbox = sandboxWith();
    const { code } = await sandbox.run(['noop', '--test=shell', '--', 'fail']);
    expect(code).toBe(1);
    expect(sandbox.read('artifacts/junit_runner.xml')).toContain('kubetest2-tester-shell exited with code 9');
  });

  test('finds metadata.json as Go testers need it', async () => {
    using sandbox = sandboxWith();
    writeFileSync(join(sandbox.dir, 'config'), 'apiVersion: v1');
    const { code, stdout, stderr } = await sandbox.run(['noop', '--kubeconfig=config', '--test=python']);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`${join(sandbox.dir, 'config')}\n`);
    expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({
      'tester-version': 'py1',
      'deployer-version': expect.any(String) as string,
    });
  });

  test('is stopped with everything it started', async () => {
    using sandbox = sandboxWith();
    const run = sandbox.start([process.execPath, program, 'noop', '--test=shell', '--', 'hang']);
    await sandbox.until(() => sandbox.processes().some(({ command }) => command === 'sleep 60'), 'the tester to hang');
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(143);
    expect(sandbox.processes()).toEqual([]);
  });

  test.each([
    ['is a directory', (path: string) => mkdirSync(path), /is a directory/, 2],
    ['is not executable', (path: string) => writeFileSync(path, ''), /is not executable \(chmod \+x it\)/, 2],
    [
      'has an interpreter that does not exist',
      (path: string) => {
        writeFileSync(path, '#!/no/such/interpreter\n');
        chmodSync(path, 0o755);
      },
      /interpreter/,
      2,
    ],
  ])('that %s is reported', async (_what, make, message, wanted) => {
    using sandbox = new Sandbox();
    make(join(sandbox.bin, 'kubetest2-tester-odd'));
    const { code, stderr } = await sandbox.run(['noop', '--test=odd']);
    expect(stderr).toMatch(message);
    expect(code).toBe(wanted);
  });

  test('does not shadow a built-in one', async () => {
    using sandbox = new Sandbox();
    sandbox.script('kubetest2-tester-exec', 'echo the one on PATH');
    const { stdout } = await sandbox.run(['noop', '--test=exec', '--', 'echo', 'built in']);
    expect(stdout).toBe('built in\n');
    const list = await sandbox.run(['list']);
    expect(list.stdout).toMatch(/^tester +exec +v\S+ +built in +.*bin\/kubetest2-tester-exec$/m);
  });
});

describe.concurrent('a deployer on PATH', () => {
  test('gets its arguments unchanged, our environment and our version', async () => {
    using sandbox = sandboxWith();
    const { code } = await sandbox.run(['foreign', '--up', 'true', ';', '--x=a b', '-v', '2']);
    expect(code).toBe(0);
    expect(sandbox.read('log')).toMatch(/^deployer: --up true ; --x=a b -v 2\nversion: kubetest2 version v\d/);
  });

  test.each([0, 1, 2, 42, 255])('passes on its exit code %i', async (wanted) => {
    using sandbox = sandboxWith();
    expect((await sandbox.run(['foreign', 'code', String(wanted)])).code).toBe(wanted);
  });

  test('that is killed exits with 128 plus the signal', async () => {
    using sandbox = sandboxWith();
    expect((await sandbox.run(['foreign', 'killed'])).code).toBe(137);
  });

  test('that is stopped can tear down, and its exit code 0 does not count as success', async () => {
    using sandbox = sandboxWith();
    const run = sandbox.start([process.execPath, program, 'foreign', 'hang']);
    await sandbox.until(() => sandbox.has('log') && sandbox.read('log').includes('hanging'), 'the deployer to hang');
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    expect(sandbox.read('log')).toContain('deployer got INT');
    expect(sandbox.processes()).toEqual([]);
  });

  test('can run our testers by their names', async () => {
    using sandbox = sandboxWith();
    await sandbox.run(['link', sandbox.bin]);
    sandbox.env['TESTER'] = 'exec';
    const { code, stdout, stderr } = await sandbox.run(['foreign', '--', 'echo', '$KUBETEST2_RUN_ID']);
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('go\n');
    expect((await sandbox.run(['foreign', '--', 'false'])).code).toBe(1);
  });

  test('is found through an empty element of PATH in the working directory', async () => {
    using sandbox = new Sandbox();
    writeFileSync(join(sandbox.dir, 'kubetest2-here'), '#!/bin/sh\necho here\n');
    chmodSync(join(sandbox.dir, 'kubetest2-here'), 0o755);
    const { stdout } = await sandbox.run(['here'], { PATH: `:${sandbox.env['PATH']}` });
    expect(stdout).toBe('here\n');
  });

  test('is named in the error when PATH is not set', async () => {
    using sandbox = sandboxWith();
    const { code, stderr } = await sandbox.start([process.execPath, program, 'foreign'], { PATH: undefined }).ended;
    expect(code).toBe(2);
    expect(stderr).toContain('kubetest2-foreign');
  });
});
