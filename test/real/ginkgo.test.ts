import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  appendFile,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { component, describeWith } from '../helpers/real/components.ts';
import { smallSuite } from '../helpers/real/small-suite.ts';
import { type Bucket, HOST, makeBucket, serve, serveAsBucket } from '../helpers/real/test-package.ts';

const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));
const suite = smallSuite();
const ENDLESS = 'Hang|Stubborn';
const NO_CHECK = '--check-version-skew=off';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ginkgo-real-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

const artifact = (name: string) => readFile(join(dir, 'artifacts', name), 'utf8');

interface More {
  readonly env?: Record<string, string>;
  readonly launcher?: readonly string[];
}

function start(args: readonly string[], { env = {}, launcher = [] }: More = {}) {
  const argv = [program, 'noop', '--test=ginkgo', '--run-id=run', ...launcher, '--', NO_CHECK, ...args];
  const child = spawn(process.execPath, argv, {
    cwd: dir,
    env: {
      PATH: `${join(dir, 'bin')}:/usr/bin:/bin`,
      HOME: dir,
      ARTIFACTS: join(dir, 'artifacts'),
      KUBETEST2_RUN_DIR: join(dir, 'rundir'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ code: code as number | null, stdout, stderr }),
  );
  return { child, ended };
}

/** With the real ginkgo and kubectl and the small suite on PATH. */
async function run(args: readonly string[], more: More = {}) {
  await putOnPath();
  return await start(['--use-binaries-from-path', ...args], more).ended;
}

async function putOnPath(): Promise<void> {
  await mkdir(join(dir, 'bin'), { recursive: true });
  const programs = { 'e2e.test': suite ?? '', ginkgo: component('ginkgo'), kubectl: component('kubectl') };
  for (const [name, path] of Object.entries(programs)) await symlink(path, join(dir, 'bin', name));
}

/** Processes whose command line or working directory belongs to this test. */
const left = () =>
  execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(dir));

describe.skipIf(suite === undefined)('a small suite (skipped without Go)', () => {
  describeWith(['ginkgo', 'kubectl'], 'with the real ginkgo', () => {
    describe.each([
      ['in one process', ['--parallel=1']],
      ['in one process, verbose', ['--parallel=1', '--ginkgo-args=-v']],
      ['in parallel', ['--parallel=2']],
      ['in parallel, verbose', ['--parallel=2', '--ginkgo-args=-v --no-color']],
    ])('%s', (_title, args) => {
      test('reports every outcome of a spec', async () => {
        const ended = await run([...args, '--flake-attempts=2', `--skip-regex=${ENDLESS}`]);
        expect(ended, ended.stderr).toMatchObject({ code: 1 });
        expect(ended.stderr).toContain('8 specs ran: 6 passed, 2 failed, 1 flaky, 4 skipped');
        expect(ended.stderr).toMatch(/2 of 8 specs failed: .*fail \(with a\|regex\.\*\?\) \[Conformance\]/);
        expect(ended.stderr).toMatch(/flaky, passed at a later attempt:\n.*Specs pass the second time \[Flaky\]/);
        expect(ended.stderr).toMatch(/\[FAILED\] expected one\n.*and got another/);
        expect(ended.stderr).toMatch(/something is nil/);
        expect(ended.stderr).toMatch(/slowest:\n.* 1\.5 s {2}\[sig-small\] Specs are slow/);
      });
    });

    test('a passing run with its environment and its summary', async () => {
      const args = ['--focus-regex=Surroundings|pass as well', '--provider=local', '--env=SUITE_EXTRA=more'];
      const ended = await run(args, { env: { KUBECONFIG: '/some/config' } });
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stdout).toContain(
        `kubeconfig=/some/config kubectl=${join(dir, 'bin', 'kubectl')} provider=local extra=more`,
      );
      expect(ended.stderr).toContain('2 specs ran: 2 passed, 0 failed');
    });

    test('a skip in --test-args without --skip-regex does not skip everything', async () => {
      const ended = await run([`--test-args=--ginkgo.skip='${ENDLESS}|fail|panic|second'`]);
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stderr).toContain('5 specs ran: 5 passed');
    });

    test('a label filter', async () => {
      const ended = await run(['--label-filter=special']);
      expect(ended.stderr).toContain('1 spec ran: 1 passed');
    });

    test('specs that take longer than --timeout fail as such', async () => {
      const ended = await run(['--focus-regex=Slow', '--timeout=500ms']);
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toMatch(/1 of 1 spec failed: .*are slow/);
      expect(ended.stderr).toContain('[TIMEDOUT]');
    });

    test('reports a failed setup of the suite', async () => {
      const ended = await run(['--test-args=--broken-setup']);
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toMatch(/no spec ran: the suite failed outside of its specs: \[BeforeSuite\]/);
      expect(ended.stderr).toContain('the cluster has no nodes');
    });

    test('a run without specs fails', async () => {
      const ended = await run(['--focus-regex=no such spec']);
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toContain('no spec ran: no spec matches');
    });

    test('--rerun-failed runs exactly the specs that failed before', async () => {
      await run(['--skip-regex=Hang|Stubborn|second']);
      await rm(join(dir, 'bin'), { recursive: true });
      const again = await run(['--rerun-failed=artifacts'], { launcher: ['--artifacts=again'] });
      expect(again).toMatchObject({ code: 1 });
      expect(again.stderr).toContain('2 specs ran: 0 passed, 2 failed');
    });

    test('--list-specs prints the names to stdout', async () => {
      const ended = await run(['--list-specs', '--focus-regex=pass']);
      expect(ended).toMatchObject({ code: 0 });
      expect(ended.stdout).toBe(
        ['pass [Conformance]', 'pass as well', 'pass the second time [Flaky]']
          .map((name) => `[sig-small] Specs ${name}\n`)
          .join(''),
      );
    });

    describe.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('%s', (signal, code) => {
      test.each(['--parallel=1', '--parallel=2'])(
        'with %s ends a hanging spec, which is reported',
        async (parallel) => {
          await putOnPath();
          const hangs = join(dir, 'hangs');
          const args = ['--use-binaries-from-path', '--focus-regex=\\[Hang\\]', parallel];
          const { child, ended } = start(args, { env: { SUITE_HANGS: hangs } });
          await appears(hangs);
          child.kill(signal);
          expect(await ended).toMatchObject({ code });
          expect(await artifact('junit_01.xml')).toMatch(/\[Hang\].*status="interrupted"/);
          expect(left()).toEqual([]);
        },
      );
    });

    test('kills a spec that ignores interruptions after the grace', async () => {
      await putOnPath();
      const hangs = join(dir, 'hangs');
      const args = ['--use-binaries-from-path', '--focus-regex=\\[Stubborn\\]', '--parallel=2'];
      const { child, ended } = start(args, { env: { SUITE_HANGS: hangs }, launcher: ['--interrupt-grace=2s'] });
      await appears(hangs);
      child.kill('SIGINT');
      expect(await ended).toMatchObject({ code: 130 });
      expect(left()).toEqual([]);
    });
  });

  describeWith(['ginkgo', 'kubectl', 'fake-gcs-server'], 'as a test package', () => {
    let bucket: Bucket;
    beforeAll(async () => {
      bucket = await makeBucket(suite ?? '');
    });
    afterAll(async () => {
      await bucket?.[Symbol.asyncDispose]();
    });
    const ONE = '--focus-regex=pass as well';

    test('is downloaded by its marker, verified, and used from the run directory; a second run downloads nothing', async () => {
      await using server = await serve(bucket.dir);
      const args = [ONE, `--test-package-url=${server.url}`];
      const ended = await start(args).ended;
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stderr).toContain('1 spec ran: 1 passed');
      expect((await readdir(join(dir, 'rundir', 'run'))).toSorted()).toEqual(
        expect.arrayContaining(['e2e.test', 'ginkgo', 'kubectl']),
      );
      const metadata = JSON.parse(await artifact('metadata.json'));
      expect(metadata).toMatchObject({ 'job-version': 'v1.36.1', 'e2e-test-version': 'v1.36.1' });
      expect(ended.stderr).toContain(`e2e.test v1.36.1 from ${server.url}/release/v1.36.1/kubernetes-test-`);
      const asked = server.asked.length;
      const again = await start([...args, '--test-package-version=v1.36.1']).ended;
      expect(again).toMatchObject({ code: 0 });
      expect(server.asked.slice(asked)).toEqual([]);
    });

    test('comes from a gs:// bucket as well', async () => {
      await using server = await serveAsBucket(bucket.dir);
      const ended = await start([ONE, '--test-package-url=gs://bucket'], {
        launcher: [`--gcs-endpoint=${server.url}`],
      }).ended;
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(ended.stderr).toContain('1 spec ran: 1 passed');
      expect(ended.stderr).toContain('from gs://bucket/release/v1.36.1/kubernetes-test-');
    });

    test('with a checksum mismatch is rejected before Up, and not placed', async () => {
      const broken = await makeBucket(suite ?? '');
      onTestFinished(() => broken[Symbol.asyncDispose]());
      await appendFile(broken.tarball, 'x');
      await using server = await serve(broken.dir);
      const ended = await start([ONE, `--test-package-url=${server.url}`], { launcher: ['--up'] }).ended;
      expect(ended).toMatchObject({ code: 3 });
      expect(ended.stderr).toMatch(/kubernetes-test-.*sha512/);
      expect(await readdir(join(dir, 'rundir', 'run'))).not.toContain('e2e.test');
    });

    test('of a missing version is an error with the URL', async () => {
      await using server = await serve(bucket.dir);
      const ended = await start([ONE, `--test-package-url=${server.url}`, '--test-package-version=v1.99.0']).ended;
      expect(ended).toMatchObject({ code: 3 });
      expect(ended.stderr).toContain(`${server.url}/release/v1.99.0/`);
    });

    test('keeps binaries that were built in this run', async () => {
      const runDir = join(dir, 'rundir', 'run');
      await mkdir(runDir, { recursive: true });
      await writeFile(join(runDir, 'e2e.test'), '#!/bin/sh\necho built\n');
      await chmod(join(runDir, 'e2e.test'), 0o755);
      const ended = await start([ONE, `--test-package-url=file://${bucket.dir}`]).ended;
      expect(ended, ended.stderr).toMatchObject({ code: 0 });
      expect(await readFile(join(runDir, 'e2e.test'), 'utf8')).toContain('echo built');
      expect(ended.stderr).toContain(join(runDir, 'test-package', 'e2e.test'));
      expect(ended.stderr).toContain('test with it by --use-built-binaries');
    });

    test('replaces the one of an earlier call of the run', async () => {
      const args = [ONE, `--test-package-url=file://${bucket.dir}`];
      await start(args).ended;
      const other = await makeBucket(component('etcd'), 'v1.35.9');
      onTestFinished(() => other[Symbol.asyncDispose]());
      await start([ONE, `--test-package-url=file://${other.dir}`, '--list-specs']).ended;
      await expect(access(join(dir, 'rundir', 'run', 'test-package'))).rejects.toThrow();
    });

    test('for another platform is rejected', async () => {
      const fake = join(dir, 'fake');
      await copyFile(suite ?? '', fake);
      const bytes = await readFile(fake);
      // The machine field of the ELF header: another architecture.
      bytes.writeUInt16LE(HOST.arch === 's390x' ? 62 : 22, 18);
      await writeFile(fake, bytes);
      const other = await makeBucket(fake);
      onTestFinished(() => other[Symbol.asyncDispose]());
      const ended = await start([ONE, `--test-package-url=file://${other.dir}`]).ended;
      expect(ended).toMatchObject({ code: 3 });
      expect(ended.stderr).toMatch(/is a binary for .*, not/);
    });
  });
});

async function appears(path: string): Promise<void> {
  for (;;) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return;
    await delay(20);
  }
}
