import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { withGinkgoDifferences } from '../helpers/corpus-ginkgo.ts';
import { inTree } from '../helpers/corpus-lines.ts';
import { describeWith } from '../helpers/real/components.ts';
import { smallSuite } from '../helpers/real/small-suite.ts';
import { HOST, makeBucket, serve } from '../helpers/real/test-package.ts';
import { program } from '../helpers/sandbox.ts';

/** A directory with the programs of kubetest2, such as one that `go build -o DIRECTORY ./kubetest2-tester-ginkgo` fills. */
const original = join(process.env['KUBETEST2_ORIGINAL'] ?? '', 'kubetest2-tester-ginkgo');
const exists = existsSync(original);
const fakes = fileURLToPath(new URL('../helpers/programs/ginkgo', import.meta.url));

/** How ginkgo was called. */
interface Called {
  /** Undefined when it was not. */
  readonly argv: readonly string[] | undefined;
  readonly env: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/** Runs a tester with the fakes, as an engine starts it. Paths of its directory become `DIR`. */
async function call(tester: string, args: readonly string[], more: Variables): Promise<Called> {
  const dir = mkdtempSync(join(tmpdir(), 'ginkgo-original-'));
  try {
    const named = join(dir, 'kubetest2-tester-ginkgo');
    symlinkSync(tester, named);
    const env = {
      PATH: [fakes, '/usr/bin', '/bin'].join(delimiter),
      HOME: join(dir, 'home'),
      FAKE: dir,
      ARTIFACTS: join(dir, 'artifacts'),
      KUBETEST2_RUN_DIR: join(dir, 'rundir'),
      KUBETEST2_RUN_ID: 'run',
      ...more,
    };
    mkdirSync(env.ARTIFACTS);
    const argv = [named, ...args.map((arg) => arg.replaceAll('DIR', dir))];
    const [file = '', ...rest] = tester === program ? [process.execPath, ...argv] : argv;
    const child = spawn(file, rest, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const read = (name: string) => {
      const path = join(dir, name);
      return existsSync(path) ? readFileSync(path, 'utf8').replaceAll(dir, 'DIR').split('\0').slice(0, -1) : undefined;
    };
    const called = { argv: read('ginkgo.argv'), env: (read('ginkgo.env') ?? []).toSorted() };
    return { ...called, code, stdout: stdout.replaceAll(dir, 'DIR'), stderr };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const theirs = (args: readonly string[], env: Variables = {}) => call(original, args, env);
const ours = (args: readonly string[], env: Variables = {}) =>
  call(program, ['--check-version-skew=off', ...args], env);

/** ginkgo gets the arguments of the original, except for the differences that docs/compatibility.md lists. */
async function expectSameArgs(args: readonly string[], env: Variables = {}): Promise<void> {
  const [expected, found] = await Promise.all([theirs(args, env), ours(args, env)]);
  expect(expected.argv, `${args.join(' ')}\n${expected.stderr}`).toBeDefined();
  expect(found.argv, `${args.join(' ')}\n${found.stderr}`).toEqual(withGinkgoDifferences(expected.argv ?? []));
}

const FROM_PATH = '--use-binaries-from-path';

/** The args of the lines of real jobs, each once, with stand-ins instead of what they would fetch or build. */
function linesOfJobs(): string[][] {
  const all = inTree.filter(({ tester }) => tester === 'ginkgo').map(({ tester_args = [] }) => tester_args);
  const args = all.map((line) => [FROM_PATH, ...line.filter((arg) => !arg.startsWith('--use-built-binaries'))]);
  return [...new Map(args.map((line) => [JSON.stringify(line), line])).values()];
}

const title = exists ? '' : ' (skipped: KUBETEST2_ORIGINAL is not a directory with kubetest2-tester-ginkgo)';
describe.skipIf(!exists)(`beside the original${title}`, () => {
  test('ginkgo gets the same call for the lines of real jobs, except for documented differences', async () => {
    const lines = linesOfJobs();
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) await expectSameArgs(line);
  });

  test.each([
    [[]],
    [['--parallel=30', '--focus-regex=\\[sig-cli\\] a b', '--skip-regex=\\[Slow\\]|\\[Flaky\\]']],
    [['--label-filter=!Flaky && Feature: containsAny A', '--provider=skeleton', '--timeout=90m']],
    [['--timeout', '1h30m10.5s', '--parallel', '2']],
    [['--timeout=100ms']],
    [['--ginkgo-args=--no-color -v', '--test-args=--minStartupPods=8']],
    [['--test-args=--a=1', '--test-args=--b=2']],
    [['--focus-regex=-x', '--skip-regex=--y']],
    [['--focus-regex', '-x']],
    [['--focus-regex=']],
    [['stray', '--parallel=2', 'words']],
    [['--use-binaries-from-path=t', '--parallel=4']],
    [["--test-args=--ginkgo.skip='\\[Slow\\]|\\[Serial\\]'"]],
    [['--test-args=--ginkgo.focus=b --ginkgo.skip=c', '--focus-regex=a']],
    [['--test-args=--kubectl-path=DIR/other --report-dir=DIR/elsewhere']],
    [['--test-args=--provider=gce --gce-project=p --gce-zone=z']],
  ])('ginkgo gets the same call for %j', async (args) => {
    await expectSameArgs([FROM_PATH, ...args]);
  });

  test.each([
    '--a=\'one two\' --b="three four" --c=five\\ six',
    '--a="quote \\" dollar \\$x backslash \\\\ other \\n" --b=\'\\n "kept"\'',
    '--a=pre\'mid \'post"end" \'\'  --b=""',
    'tabs\tand\nnew lines',
    '--a="two\nlines" --b=joined\\\nline',
    '  --outer=blanks  ',
    '--ünïcode="größer als ✓"',
    '--dollar=$HOME --glob=* --semi=a;b --hash=#x --tilde=~',
  ])('splits extra arguments in the same way: %j', async (value) => {
    for (const flag of ['--test-args', '--ginkgo-args']) await expectSameArgs([FROM_PATH, `${flag}=${value}`]);
  });

  test.each(['relative/config', '/some/config', ''])('KUBECONFIG=%s means the same', async (KUBECONFIG) => {
    await expectSameArgs([FROM_PATH], { KUBECONFIG });
  });

  test('the tests get the same environment, to which --env adds instead of replacing it', async () => {
    expect((await ours([FROM_PATH])).env).toEqual((await theirs([FROM_PATH])).env);
    const { env: replaced } = await theirs([FROM_PATH, '--env=FAKE=DIR,PATH=/usr/bin:/bin,A=x=y']);
    const { env: added } = await ours([FROM_PATH, '--env=FAKE=DIR,A=x=y']);
    for (const env of [replaced, added]) expect(env).toContain('A=x=y');
    expect(replaced.filter((entry) => entry.startsWith('HOME='))).toEqual([]);
    expect(added).toContain('HOME=DIR/home');
  });

  test.each([
    [['--use-built-binaries', FROM_PATH]],
    [['--use-built-binaries']],
    [[FROM_PATH, '--no-such-flag']],
    [[FROM_PATH, '--parallel=many']],
    [[FROM_PATH, '--timeout=5']],
    [[FROM_PATH, "--test-args='no end"]],
    [[FROM_PATH, '--ginkgo-args=at the end \\']],
  ])('both reject %j', async (args) => {
    for (const called of await Promise.all([theirs(args), ours(args)])) {
      expect(called.argv).toBeUndefined();
      expect(called.code).not.toBe(0);
    }
  });

  test('a failing ginkgo fails both', async () => {
    for (const tester of [theirs, ours]) {
      const called = await tester([FROM_PATH], { FAKE_GINKGO_EXIT: '1' });
      expect(called.argv).toBeDefined();
      expect(called.code).not.toBe(0);
    }
  });

  const suite = exists ? smallSuite() : undefined;
  describe.skipIf(suite === undefined)('with a small suite (skipped without Go)', () => {
    describeWith(['ginkgo', 'kubectl'], 'in a package', () => {
      test.each([
        ['release', []],
        ['release', ['--test-package-version=v1.36.1']],
        ['ci/fast', ['--test-package-dir=ci/fast']],
      ])('downloads the same files of %s and runs the same specs for %j', async (directory, args) => {
        await using bucket = await makeBucket(suite ?? '');
        mkdirSync(join(bucket.dir, 'ci'));
        symlinkSync('../release', join(bucket.dir, 'ci', 'fast'));
        const outcomes = [];
        for (const tester of [theirs, ours]) {
          await using server = await serve(bucket.dir);
          const called = await tester([`--test-package-url=${server.url}`, ...args, '--focus-regex=Surroundings']);
          expect(called, called.stderr).toMatchObject({ code: 0 });
          // Ours downloads the checksums too.
          const files = new Set(server.asked.filter((path) => !path.endsWith('.sha512')));
          outcomes.push({ files, kubeconfig: /kubeconfig=.*$/m.exec(called.stdout)?.[0] });
        }
        expect(outcomes[1]).toEqual(outcomes[0]);
        expect(outcomes[1]?.kubeconfig).toContain('kubectl=DIR/rundir/kubectl');
        expect([...(outcomes[1]?.files ?? [])]).toContain(
          `/${directory}/v1.36.1/kubernetes-test-${HOST.os}-${HOST.arch}.tar.gz`,
        );
      });
    });
  });
});
