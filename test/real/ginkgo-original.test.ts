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

/** A folder with the programs of kubetest2, for instance made by `go build -o FOLDER ./kubetest2-tester-ginkgo` in its checkout. */
const original = join(process.env['KUBETEST2_ORIGINAL'] ?? '', 'kubetest2-tester-ginkgo');
const there = existsSync(original);
const fakes = fileURLToPath(new URL('../helpers/programs/ginkgo', import.meta.url));

/** How ginkgo was started. */
interface Called {
  /** Undefined when it was not. */
  readonly argv: readonly string[] | undefined;
  readonly env: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/** Lets a tester run the stand-ins, by itself as an engine starts it. Paths of its folder read `DIR`. */
async function call(tester: string, words: readonly string[], more: Variables): Promise<Called> {
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
    const argv = [named, ...words.map((word) => word.replaceAll('DIR', dir))];
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

const theirs = (words: readonly string[], env: Variables = {}) => call(original, words, env);
const ours = (words: readonly string[], env: Variables = {}) =>
  call(program, ['--check-version-skew=off', ...words], env);

/** What reaches ginkgo is the original's, but for what docs/compatibility.md tells. */
async function expectSameWords(words: readonly string[], env: Variables = {}): Promise<void> {
  const [expected, found] = await Promise.all([theirs(words, env), ours(words, env)]);
  expect(expected.argv, `${words.join(' ')}\n${expected.stderr}`).toBeDefined();
  expect(found.argv, `${words.join(' ')}\n${found.stderr}`).toEqual(withGinkgoDifferences(expected.argv ?? []));
}

const FROM_PATH = '--use-binaries-from-path';

/** The words of the lines of real jobs, each once, with stand-ins instead of what they would fetch or build. */
function linesOfJobs(): string[][] {
  const all = inTree.filter(({ tester }) => tester === 'ginkgo').map(({ tester_args = [] }) => tester_args);
  const words = all.map((line) => [FROM_PATH, ...line.filter((word) => !word.startsWith('--use-built-binaries'))]);
  return [...new Map(words.map((line) => [JSON.stringify(line), line])).values()];
}

const title = there ? '' : ' (left out: KUBETEST2_ORIGINAL names no folder with kubetest2-tester-ginkgo)';
describe.skipIf(!there)(`beside the original${title}`, () => {
  test('ginkgo is called alike for the lines of real jobs, but for documented differences', async () => {
    const lines = linesOfJobs();
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) await expectSameWords(line);
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
  ])('ginkgo is called alike for %j', async (words) => {
    await expectSameWords([FROM_PATH, ...words]);
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
  ])('extra arguments are split alike: %j', async (typed) => {
    for (const flag of ['--test-args', '--ginkgo-args']) await expectSameWords([FROM_PATH, `${flag}=${typed}`]);
  });

  test.each(['relative/config', '/some/config', ''])('KUBECONFIG=%s means the same', async (KUBECONFIG) => {
    await expectSameWords([FROM_PATH], { KUBECONFIG });
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
  ])('both refuse %j', async (words) => {
    for (const called of await Promise.all([theirs(words), ours(words)])) {
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

  const suite = there ? smallSuite() : undefined;
  describe.skipIf(suite === undefined)('with a small suite (left out where there is no Go)', () => {
    describeWith(['ginkgo', 'kubectl'], 'in a package', () => {
      test.each([
        ['release', []],
        ['release', ['--test-package-version=v1.36.1']],
        ['ci/fast', ['--test-package-dir=ci/fast']],
      ])('the same files of %s are fetched and the same specs run for %j', async (folder, words) => {
        await using bucket = await makeBucket(suite ?? '');
        mkdirSync(join(bucket.dir, 'ci'));
        symlinkSync('../release', join(bucket.dir, 'ci', 'fast'));
        const outcomes = [];
        for (const tester of [theirs, ours]) {
          await using server = await serve(bucket.dir);
          const called = await tester([`--test-package-url=${server.url}`, ...words, '--focus-regex=Surroundings']);
          expect(called, called.stderr).toMatchObject({ code: 0 });
          // Ours asks for the checksums too.
          const files = new Set(server.asked.filter((path) => !path.endsWith('.sha512')));
          outcomes.push({ files, told: /kubeconfig=.*$/m.exec(called.stdout)?.[0] });
        }
        expect(outcomes[1]).toEqual(outcomes[0]);
        expect(outcomes[1]?.told).toContain('kubectl=DIR/rundir/kubectl');
        expect([...(outcomes[1]?.files ?? [])]).toContain(
          `/${folder}/v1.36.1/kubernetes-test-${HOST.os}-${HOST.arch}.tar.gz`,
        );
      });
    });
  });
});
