import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { publish, settings } from '../../scripts/package/publish.ts';
import { readJunit } from '../../src/junit/read.ts';
import { inTree, outOfTree, recorded } from '../helpers/corpus-lines.ts';
import { never } from '../helpers/lease.ts';
import { BareRoot, noBareRoot } from '../helpers/real/bare-root.ts';
import { component, describeWith } from '../helpers/real/components.ts';
import { buildImage } from '../helpers/real/dockerfile.ts';
import { GcsServer } from '../helpers/real/gcs.ts';
import { installPage, snippets } from '../helpers/real/install-page.ts';
import { noPackages, type Packages, packaged } from '../helpers/real/packaged.ts';
import { smallSuite } from '../helpers/real/small-suite.ts';
import { makeBucket, serveAsBucket } from '../helpers/real/test-package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const kindTools = join(root, 'test/helpers/programs/kind-tools');
/** A folder with the programs of kubetest2, made from its own sources. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const hasOriginal = existsSync(join(original, 'kubetest2-noop')) && existsSync(join(original, 'kubetest2-tester-exec'));
const TARGETARCH = 'amd64';
const suite = smallSuite();
const users = [
  ['root', 0],
  ['a user', 1000],
] as const;
const LIFECYCLE = 'noop --up --down --test=exec --';

const shellQuoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');

async function casesOf(image: BareRoot): Promise<Record<string, string>> {
  const { suites } = await readJunit(image.read('junit_runner.xml'), 'junit_runner.xml');
  return Object.fromEntries(
    suites.flatMap(({ cases }) => cases.map(({ name, failure }) => [name, failure ? 'failed' : 'passed'])),
  );
}

const missing = noPackages || noBareRoot;

describe.skipIf(missing !== '')(`in a bare Debian${missing && ` (left out: needs ${missing})`}`, () => {
  let packages: Packages;
  let image: BareRoot;
  const opt = mkdtempSync(join(tmpdir(), 'opt-'));
  chmodSync(opt, 0o755);

  /** Puts a program into the folder that is seen at /opt, which is last on PATH. */
  const put = (name: string, source: string) => copyFileSync(source, join(opt, name));
  const putScript = (name: string, body: string) =>
    writeFileSync(join(opt, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });

  beforeAll(async () => {
    packages = await packaged();
  });
  afterAll(() => rmSync(opt, { recursive: true }));

  describeWith(['fake-gcs-server'], 'an image made by the lines of docs/install.md', () => {
    beforeAll(async () => {
      await using server = await GcsServer.start();
      const { directory: folder, version } = packages;
      const release = { folder, version: `v${version}`, channels: ['latest'] };
      const at = { bucket: 'b', prefix: 'tools/' };
      await publish(release, at, { acquire: settings(server.url), env: {} }, never());
      const [row = ''] = snippets('yaml');
      const { variants } = parse(row) as { variants: Record<string, Record<string, string>> };
      const args = { BASE: `${server.url}/b/tools`, TARGETARCH, ...variants['master'] };
      image = await buildImage(snippets('dockerfile').join(''), { args, base: () => new BareRoot() });
    });
    beforeEach(() => image.forgetRecords());
    afterAll(() => image?.[Symbol.dispose]());

    test('has the version that docs/install.md and package.json say, of this commit', async () => {
      const { code, stdout, stderr } = await image.run('kubetest2 --version');
      const { version, commit } = packages;
      const short = commit.replace(/^(.{12})[^-]*/, '$1');
      expect([code, stdout, stderr]).toEqual([0, `kubetest2-ts version v${version}+${short} (node 24.21.0)\n`, '']);
      expect(installPage).toContain(`KUBETEST2_TS_VERSION=${version}\n`);
    });

    test('has every name as a relative link to the one program', async () => {
      const { stdout } = await image.run('cd /usr/local/bin && find . -type l -printf "%f %l\n"');
      const testers = ['clusterloader2', 'exec', 'ginkgo', 'node'].map((name) => `-tester-${name}`);
      const names = ['', '-gce', '-kind', '-node', '-noop', ...testers].map((name) => `kubetest2${name}`);
      expect(new Set(stdout.trim().split('\n'))).toEqual(new Set(names.map((name) => `${name} kubetest2-ts`)));
      const { stdout: help } = await image.run('kubetest2-kind --help; kubetest2-tester-ginkgo --help');
      expect(help).toMatch(/kubetest2-ts kind \[flags\](?:.|\n)*kubetest2-tester-ginkgo/);
    });

    test.each(users)(
      'runs the lifecycle of the quickstart as %s with a read-only root and a small /tmp',
      async (_, user) => {
        const tests = `sh -c 'echo "The tests of run $KUBETEST2_RUN_ID"; date >"$ARTIFACTS/from-the-test.txt"'`;
        const { code, stdout, stderr } = await image.run(`touch /usr/x || kubetest2 ${LIFECYCLE} ${tests}`, { user });
        expect(code, stderr).toBe(0);
        expect(stdout).toContain('The tests of run');
        expect(stderr).toContain('Read-only file system');
        expect(await casesOf(image)).toEqual({ Up: 'passed', Test: 'passed', Down: 'passed' });
        expect(image.read('from-the-test.txt')).not.toBe('');
      },
    );

    test('has a doctor who says what is there and what is missing', async () => {
      const { code, stdout } = await image.run('kubetest2 doctor');
      expect(stdout).toMatch(/^ok +kubetest2-ts v.*, run by node 24/);
      expect(stdout).toMatch(/^note +kubectl is not on PATH\n +-> install it if/m);
      expect(code).toBe(0);
    });

    test('a job line of kubetest2 itself starts what the original starts, unchanged', async () => {
      const line = inTree.find(({ job }) => job === 'pull-kubetest2-aws-node-e2e');
      putScript('make', 'printf "%s\\n" make "$@" >"$ARTIFACTS/make"');
      const env = { USER: 'prow' };
      const { code, stderr } = await image.run(`kubetest2 ${shellQuoted(line?.argv ?? [])}`, { opt, env });
      // Two of its words have no meaning, and docs/compatibility.md says that they are left out.
      const meant = recorded.get(line?.at ?? 0)?.filter((word) => !['NODE_ENV= ', 'TIMEOUT=0s'].includes(word));
      expect(image.read('make').trimEnd().split('\n')).toEqual(meant);
      expect(code, stderr).toBe(0);
    });

    test('a job line of a deployer that is not ours reaches that deployer word for word', async () => {
      const line = outOfTree.find(({ deployer }) => deployer === 'kops');
      putScript('kubetest2-kops', 'printf "%s\\n" "$@" >"$ARTIFACTS/kops"');
      const { code, stderr } = await image.run(`kubetest2 ${shellQuoted(line?.argv ?? [])}`, { opt });
      expect(code, stderr).toBe(0);
      expect(image.read('kops').trimEnd().split('\n')).toEqual(line?.argv.slice(1));
    });

    describeWith(['ginkgo', 'kubectl'], 'with the real ginkgo', () => {
      const words = "--focus-regex='pass as well' --parallel=2";
      beforeAll(() => {
        put('e2e.test', suite ?? '');
        for (const name of ['ginkgo', 'kubectl']) put(name, component(name));
      });

      test.skipIf(suite === undefined).each(users)('as %s, passes the small suite', async (_, user) => {
        const line = `kubetest2 noop --up --down --test=ginkgo -- --check-version-skew=off --use-binaries-from-path`;
        const { code, stderr } = await image.run(`${line} ${words}`, { user, opt });
        expect(code, stderr).toBe(0);
        expect(stderr).toContain('1 spec ran: 1 passed, 0 failed');
        expect(image.read('junit_01.xml')).toContain('pass as well');
      });

      test.skipIf(suite === undefined)(
        'fetches them from a bucket, verified, and keeps them in its cache',
        async () => {
          await using bucket = await makeBucket(suite ?? '');
          await using server = await serveAsBucket(bucket.dir);
          const env = { XDG_CACHE_HOME: '/mnt/cache', KUBETEST2_RUN_DIR: '/mnt/runs' };
          const line = `kubetest2 noop --test=ginkgo --gcs-endpoint=${server.url} -- --check-version-skew=off`;
          const from = `--test-package-url=gs://bucket --test-package-marker=latest.txt`;
          const { code, stderr } = await image.run(`${line} ${from} ${words}`, { env });
          expect(code, stderr).toBe(0);
          expect(stderr).toContain('1 spec ran: 1 passed, 0 failed');
          expect((await image.run('kubetest2 cache list', { env })).stdout).toContain('kubernetes-test');
        },
      );

      test.skipIf(suite === undefined || !hasOriginal)('is found by a deployer of the original', async () => {
        put('kubetest2-noop', join(original, 'kubetest2-noop'));
        const line =
          '/opt/kubetest2-noop --up --down --test=ginkgo -- --check-version-skew=off --use-binaries-from-path';
        const { code, stdout, stderr } = await image.run(`${line} ${words}`, { opt });
        expect(code, stdout + stderr).toBe(0);
        expect(stderr).toContain('1 spec ran: 1 passed, 0 failed');
      });
    });

    const title = hasOriginal ? '' : ' (left out: KUBETEST2_ORIGINAL names no folder with kubetest2 and its programs)';
    describe.skipIf(!hasOriginal)(`beside the Go original${title}`, () => {
      beforeAll(() => {
        for (const name of ['kubetest2', 'kubetest2-noop']) put(name, join(original, name));
        put('kubetest2-original', join(original, 'kubetest2-noop'));
        put('kubetest2-tester-original', join(original, 'kubetest2-tester-exec'));
      });

      test.each([
        ['its launcher finds our deployers', '/opt/kubetest2 noop', 'exec', ['deployer', 'tester']],
        ['its deployer finds our testers', '/opt/kubetest2-noop', 'exec', ['tester']],
        ['our launcher finds its deployer, which finds our testers', 'kubetest2 original', 'exec', ['tester']],
        ['our deployer finds its testers', 'kubetest2 noop', 'original', ['deployer']],
      ])('%s', async (_, call, tester, ours) => {
        const line = `${call} --up --down --test=${tester} -- sh -c 'echo ran >"$ARTIFACTS/ran"'`;
        const { code, stdout, stderr } = await image.run(line, { opt });
        expect(code, stdout + stderr).toBe(0);
        expect(image.read('ran')).toBe('ran\n');
        expect(await casesOf(image)).toEqual({ Up: 'passed', Test: 'passed', Down: 'passed' });
        const versions = JSON.parse(image.read('metadata.json')) as Record<string, string>;
        const told = ['deployer', 'tester'].filter((part) =>
          versions[`${part}-version`]?.startsWith(`v${packages.version}`),
        );
        expect(told).toEqual(ours);
      });
    });

    describe('stopped', () => {
      const TESTS = `exec kubetest2 ${LIFECYCLE}`;
      const UP = 'mkdir -p /mnt/state/clusters && exec kubetest2 kind --up --down';
      const env = { FAKE_STATE: '/mnt/state', FAKE_CREATE: 'hangs' };
      beforeAll(() => {
        for (const name of ['kind', 'docker']) put(name, join(kindTools, name));
      });

      test.each<[string, NodeJS.Signals[], string, number[]]>([
        ['SIGINT while testing', ['SIGINT'], `${TESTS} sleep 60`, [130]],
        ['SIGTERM while testing', ['SIGTERM'], `${TESTS} sleep 60`, [143]],
        ['SIGHUP while testing', ['SIGHUP'], `${TESTS} sleep 60`, [129]],
        // Which of two pending signals comes first, the kernel decides.
        ['SIGINT and SIGTERM at once, as by Prow', ['SIGINT', 'SIGTERM'], `${TESTS} sleep 60`, [130, 143]],
        [
          'SIGTERM while tests that heed none run',
          ['SIGTERM'],
          `${TESTS.replace('noop', 'noop --interrupt-grace=1s')} sh -c 'trap "" INT TERM; sleep 60 & while :; do wait; done'`,
          [143],
        ],
        ['SIGINT during Up', ['SIGINT'], UP, [130]],
        ['SIGTERM during Up', ['SIGTERM'], UP, [143]],
        ['a limit while testing', [], `${TESTS.replace('noop', 'noop --test-timeout=500ms')} sleep 60`, [124]],
      ])('by %s: down all the same, no process left, and the code says it', async (_, signals, line, expected) => {
        const run = image.start(line, { opt, env });
        await image.until(
          () => image.processes().some((command) => /^sleep 60|^\/bin\/sh .*kind create/.test(command)),
          'what hangs',
        );
        for (const signal of signals) run.child.kill(signal);
        const { code, stderr } = await run.ended;
        expect(expected, stderr).toContain(code);
        expect(await casesOf(image)).toMatchObject({ Down: 'passed' });
        expect(image.processes()).toEqual([]);
        if (line === UP) expect(image.read('state/calls')).toContain('kind delete cluster');
      });

      test('by SIGKILL: the next call takes down what the killed one left', async () => {
        const run = image.start(`${TESTS.replace('noop', 'noop --run-id=r1 --rundir=/mnt/runs')} sleep 60`);
        await image.until(() => image.processes().some((command) => command === 'sleep 60'), 'the tests');
        run.child.kill('SIGKILL');
        await run.ended;
        const { code, stderr } = await image.run('kubetest2 noop --down --run-id=r1 --rundir=/mnt/runs');
        expect(code, stderr).toBe(0);
        expect(await casesOf(image)).toMatchObject({ Down: 'passed' });
      });
    });

    describe('where something is missing, the loader says in one line what', () => {
      const libraries = 'x86_64-linux-gnu';

      test('an older glibc', async () => {
        mkdirSync(join(opt, 'older'));
        // The version that the runtime needs is called differently in this copy, so it is not there.
        const { stdout } = await image.run(`cat /lib/${libraries}/libc.so.6 | base64 -w0`);
        const libc = Buffer.from(stdout, 'base64').toString('latin1').replace('\0GLIBC_2.28\0', '\0GLIBC_0.28\0');
        writeFileSync(join(opt, 'older/libc.so.6'), libc, 'latin1');
        const { code, stderr } = await image.run('LD_LIBRARY_PATH=/opt/older kubetest2-ts --version', { opt });
        expect(stderr).toMatch(/^kubetest2-ts: .*version `GLIBC_2\.28' not found \(required by kubetest2-ts\)\n$/);
        expect(code).toBe(1);
      });

      test('no libstdc++', async () => {
        using other = new BareRoot();
        const program = 'usr/local/bin/kubetest2-ts';
        mkdirSync(join(other.path(program), '..'), { recursive: true });
        copyFileSync(image.path(program), other.path(program));
        await other.run(`rm /usr/lib/${libraries}/libstdc++.so.6`, { writable: true });
        const { code, stderr } = await other.run('kubetest2-ts --version');
        expect(stderr).toMatch(/^kubetest2-ts: .*libstdc\+\+\.so\.6: cannot open shared object file.*\n$/);
        expect(code).toBe(127);
      });
    });

    // The last one, since it changes the image.
    test('goes back to the Go original by the lines of docs/install.md', async () => {
      putScript(
        'go',
        `[ "$*" = 'install sigs.k8s.io/kubetest2/...@latest' ] && echo 'echo the original' >$GOBIN/kubetest2`,
      );
      const lines = snippets('sh').find((text) => text.includes('go install')) ?? '';
      const { code, stderr } = await image.run(`${lines} ls /usr/local/bin >/mnt/names`, { opt, writable: true });
      expect(code, stderr).toBe(0);
      expect(image.read('names')).toBe('kubetest2\nkubetest2-ts\n');
    });
  });

  test('the Dockerfile makes an image that starts, for the processor it is built for', async () => {
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    const base = () => {
      const stage = new BareRoot();
      onTestFinished(() => stage[Symbol.dispose]());
      mkdirSync(stage.path('usr/local/sbin'), { recursive: true });
      const aptGet = '#!/bin/sh\nmkdir -p /var/lib/apt/lists/x && echo "$@" >>/var/log/apt-get\n';
      writeFileSync(stage.path('usr/local/sbin/apt-get'), aptGet, { mode: 0o755 });
      return stage;
    };
    const built = await buildImage(dockerfile, { args: { TARGETARCH }, context: root, base });
    const [, entrypoint] = /^ENTRYPOINT \["(.*)"\]$/m.exec(dockerfile) ?? [];
    const { code, stdout } = await built.run(`${entrypoint} --version && cat /var/log/apt-get`);
    expect(stdout).toMatch(
      /^kubetest2-ts version v.*\nupdate\ninstall --yes --no-install-recommends ca-certificates libstdc\+\+6\n$/,
    );
    expect(code).toBe(0);
    expect((await built.run('kubetest2-noop --help')).stdout).toContain('kubetest2-ts noop');
  });
});
