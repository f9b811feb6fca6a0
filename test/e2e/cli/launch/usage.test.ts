import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { program, Sandbox } from '../../../helpers/sandbox.ts';

describe.concurrent('the command line', () => {
  test.each([
    ['nothing', []],
    ['--help', ['--help']],
    ['-h', ['-h']],
  ])('with %s shows the deployers, testers and commands on stdout', async (_what, words) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await sandbox.run(words);
    expect([code, stderr]).toEqual([0, '']);
    for (const word of ['noop', 'exec', 'doctor', 'status', 'link']) expect(stdout).toContain(word);
  });

  test('--version is one line on stdout', async () => {
    using sandbox = new Sandbox();
    const { code, stdout } = await sandbox.run(['--version']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^kubetest2-ts version v\d+\.\d+\.\d+\S* \(node \d+\.\d+\.\d+\)\n$/);
  });

  test('a deployer alone, or with -h, shows its flags and writes nothing', async () => {
    using sandbox = new Sandbox();
    for (const words of [['noop'], ['noop', '-h'], ['noop', '--up', '--help']]) {
      const { code, stdout } = await sandbox.run(words);
      expect(code).toBe(0);
      expect(stdout).toContain('--kubeconfig');
      expect(stdout).toContain('--dry-run');
    }
    expect(existsSync(sandbox.artifacts)).toBe(false);
  });

  test('--help prints help despite other errors', async () => {
    using sandbox = new Sandbox();
    const { code, stdout } = await sandbox.run(['noop', '--nonsense', '--test=none-such', '--down=perhaps', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('--kubeconfig');
  });

  test.each([
    [
      'an unknown deployer',
      ['kin'],
      [/unknown deployer or command "kin" \(deployers: noop, .*; commands: list, /, /did you mean "kind"\?/],
    ],
    ['an unknown flag', ['noop', '--upp'], [/unknown flag --upp; did you mean --up\?/]],
    ['a long flag with one dash', ['noop', '-test=exec'], [/-test=exec: a long flag takes two dashes, --test=exec/]],
    ['a missing value', ['noop', '--run-id'], [/--run-id needs a value/]],
    ['a wrong boolean', ['noop', '--up=maybe'], [/invalid --up "maybe": expected true or false/]],
    ['an empty boolean', ['noop', '--up='], [/invalid --up "": expected true or false/]],
    ['a wrong duration', ['noop', '--timeout=90'], [/invalid --timeout "90": expected a duration such as 90s/]],
    [
      'a wrong --down',
      ['noop', '--down=perhaps'],
      [/invalid --down "perhaps": expected one of never, always, on-success/],
    ],
    ['several faults', ['noop', '--up=maybe', '--nope', '--test=foo'], [/--up/, /--nope/, /unknown tester "foo"/]],
    [
      'an unknown tester',
      ['noop', '--test=exce', '--', 'true'],
      [/unknown tester "exce" \(available: ginkgo, exec, .*\); did you mean "exec"\?/],
    ],
    ['metadata without a key', ['noop', '--metadata=x'], [/invalid --metadata "x": expected KEY=VALUE/]],
    ['a quote inside a hook', ['noop', '--pre-test-cmd=a"b'], [/--pre-test-cmd/, /double quotes/]],
    ['a run id that is a path', ['noop', '--up', '--run-id=a/b'], [/a\/b/, /--run-id/]],
    ['a run id that climbs', ['noop', '--up', '--run-id=..'], [/"?\.\.?"?/, /--run-id/]],
    ['exec without a command', ['noop', '--test=exec'], [/exec tester needs a command/]],
    ['exec with a flag first', ['noop', '--test=exec', '--', '-x'], [/invalid command -x for the exec tester/]],
    [
      "a tester's flag before --",
      ['noop', '--test=ginkgo', '--focus-regex=x'],
      [
        /unknown flag --focus-regex: it is a flag of the ginkgo tester; write it after --/,
        /"kubetest2-ts noop --test=ginkgo --help"/,
      ],
    ],
    [
      "a deployer's flag after --",
      ['kind', '--test=ginkgo', '--', '--workers=2', '--down'],
      [
        /unknown flag --workers: it is a flag of the kind deployer; write it before --/,
        /unknown flag --down: it is a flag of the kind deployer/,
      ],
    ],
    [
      'the beginning of a flag',
      ['noop', '--test=ginkgo', '--', '--focus=x', '--ginkgo.skip=y'],
      [/unknown flag --focus; did you mean --focus-regex\?/, /--ginkgo\.skip; did you mean --skip-regex\?/],
    ],
    [
      'a flag without dashes',
      ['kind', 'workers=2', '--up', 'down', '--test=ginkgo', '--', 'focus-regex=x'],
      [
        /workers=2: a flag takes two dashes, --workers=2/,
        /down: a flag takes two dashes, --down/,
        /ginkgo tester: focus-regex=x: a flag takes two dashes, --focus-regex=x/,
      ],
    ],
    [
      'another dash',
      ['noop', '\u2014up', '--test=ginkgo', '--', '\u2013-skip-regex=x', '\u2212\u2212parallel=2'],
      [
        /\u2014up: begins with U\+2014, .*; write --up/,
        /write --skip-regex=x/,
        /begins with U\+2212, .*; write --parallel=2/,
      ],
    ],
    [
      'a second --',
      ['noop', '--test=ginkgo', '--', '--focus-regex=x', '--', '--parallel=4'],
      [/arguments after a second -- are not read: --parallel=4; remove that --/],
    ],
    [
      'a quoted expression',
      ['noop', '--test=ginkgo', '--', `--skip-regex='\\[Slow\\]'`],
      [/invalid --skip-regex '\\\[Slow\\\]': the quotes around it are part of the value/],
    ],
    ['a quoted value', ['noop', '--up', '--kubeconfig="kc"'], [/invalid --kubeconfig "kc": the quotes around it/]],
    [
      'a hook with blanks',
      ['noop', '--pre-test-cmd=kubectl apply  -f x', '--test=exec', '--', 'true'],
      [/invalid --pre-test-cmd: there is no program "kubectl apply {2}-f x"; .* by commas: kubectl,apply,-f,x/],
    ],
    [
      'one argument of exec with blanks',
      ['noop', '--test=exec', '--', 'go test ./...'],
      [/there is no program "go test \.\/\.\.\."; write its arguments one by one, or -- sh -c 'go test \.\/\.\.\.'/],
    ],
    ['an empty tester', ['noop', '--up', '--test='], [/invalid --test "": the name of a tester is missing/]],
    ['no step', ['noop', '-v=2'], [/nothing to do: set --build, --up, --test=TESTER or --down/]],
    ['--stage alone', ['noop', '--stage=gs://b/ci'], [/nothing to do: .*; --stage needs --build/]],
    [
      'a negative duration',
      ['noop', '--up', '--timeout=-5m'],
      [/invalid --timeout "-5m": expected a duration that is not/],
    ],
    ['no process', ['noop', '--test=ginkgo', '--', '--parallel=0'], [/invalid --parallel 0: must be at least 1/]],
    ['no node', ['kind', '--up', '--nodes=0', '--dry-run'], [/invalid --nodes 0: less than the number of control/]],
    [
      'a URL without a scheme',
      ['noop', '--test=ginkgo', '--', '--test-package-url=dl.k8s.io'],
      [/invalid --test-package-url "dl\.k8s\.io": expected a URL such as https:\/\/dl\.k8s\.io/],
    ],
    ['list with an argument', ['list', 'x'], [/list: unexpected argument "x"/]],
    ['link without a directory', ['link'], [/link: missing argument; usage: kubetest2-ts link DIR/]],
  ])('%s is a usage error, and nothing is written', async (_what, words, messages) => {
    using sandbox = new Sandbox();
    const { code, stdout, stderr } = await sandbox.run(words);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    for (const message of messages) expect(stderr).toMatch(message);
    expect(existsSync(sandbox.artifacts)).toBe(false);
    expect(existsSync(join(sandbox.dir, 'rundir'))).toBe(false);
  });

  test('stray arguments are ignored with one warning that names them', async () => {
    using sandbox = new Sandbox();
    const { code, stderr } = await sandbox.run(['noop', ';', '--up', 'false', 'true', '--test=exec', '--', 'true']);
    expect(code).toBe(0);
    expect(stderr.match(/W\d{4} .*Ignoring arguments that are not flags: ; false true/g)).toHaveLength(1);
  });

  test.each(['ginkgo', 'exec', 'node', 'clusterloader2'])(
    'the help of the %s tester after -- runs nothing',
    async (tester) => {
      using sandbox = new Sandbox();
      for (const word of ['--help', '-h']) {
        const { code, stdout } = await sandbox.run(['noop', '--up', `--test=${tester}`, '--', word]);
        expect(code).toBe(0);
        expect(stdout).toMatch(`kubetest2-ts noop --test=${tester} -- `);
        expect(stdout).not.toContain('--offline');
      }
      expect(existsSync(sandbox.artifacts)).toBe(false);
    },
  );

  test('the help of a tester on PATH after -- is its own, and runs nothing', async () => {
    using sandbox = new Sandbox();
    sandbox.script('kubetest2-tester-mine', 'echo "mine: $*"');
    const { code, stdout } = await sandbox.run(['noop', '--up', '--test=mine', '--', '--help']);
    expect([code, stdout]).toEqual([0, 'mine: --help\n']);
    expect(existsSync(sandbox.artifacts)).toBe(false);
  });

  test('programs whose names have blanks are hooks and commands', async () => {
    using sandbox = new Sandbox();
    sandbox.script('my hook', 'echo hooked');
    const args = ['noop', '--pre-test-cmd=my hook', '--test=exec', '--', './bin/my hook'];
    expect(await sandbox.run(args)).toMatchObject({ code: 0, stdout: 'hooked\nhooked\n' });
  });

  test('in a removed directory it fails with one line', async () => {
    using sandbox = new Sandbox();
    const inRemoved = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"';
    const { code, stdout, stderr } = await sandbox.start([
      'sh',
      '-c',
      inRemoved,
      'sh',
      process.execPath,
      program,
      'noop',
      '--up',
    ]).ended;
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toBe('Error: the working directory no longer exists: change to one that does\n');
  });

  test('thousands of flags are read', async () => {
    using sandbox = new Sandbox();
    const flags = Array.from({ length: 5000 }, (_, at) => `--metadata=key${at}=${at}`);
    const { code, stderr } = await sandbox.run(['noop', ...flags, '--up']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(sandbox.read('artifacts/metadata.json'))).toMatchObject({ key4999: '4999' });
  });

  test('klog flags are accepted in both spellings', async () => {
    using sandbox = new Sandbox();
    const words = [
      'noop',
      '--log_dir=x',
      '--log-file-max-size',
      '010',
      '--alsologtostderr',
      '--skip_headers=F',
      '-v',
      '2',
      '--v=9',
      '--up',
    ];
    const { code, stderr } = await sandbox.run(words);
    expect(code, stderr).toBe(0);
  });

  test('the help of the launcher fits 80 columns, or those of the terminal', async () => {
    using sandbox = new Sandbox();
    for (const columns of [80, 60]) {
      const { stdout } = await sandbox.run(['--help'], { COLUMNS: String(columns) });
      expect(stdout.split('\n').filter((line) => line.length > columns)).toEqual([]);
    }
  });

  test('a reader that goes away early is no error', async () => {
    using sandbox = new Sandbox();
    for (const words of ['list', '--help', 'gce --help']) {
      const script = `{ sleep 0.1; "$0" "$1" ${words}; echo $? >code; } | true`;
      const { stderr } = await sandbox.start(['sh', '-c', script, process.execPath, program]).ended;
      await sandbox.until(() => sandbox.has('code') && sandbox.read('code') !== '', 'the exit code');
      expect([sandbox.read('code'), stderr]).toEqual(['0\n', '']);
      rmSync(join(sandbox.dir, 'code'));
    }
  });

  test('--dry-run prints the plan and does nothing', async () => {
    using sandbox = new Sandbox();
    const words = [
      '--up',
      '--down',
      '--test=exec',
      '--up-timeout=1h',
      '--pre-test-cmd=echo,a b',
      '--dry-run',
      '--',
      'rm',
      '-rf',
      'a b',
    ];
    const { code, stdout } = await sandbox.run(['noop', ...words]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Up \(timeout 1h0m0s\)[\s\S]*PreTestCmd\s+echo 'a b'[\s\S]*Test\s+rm -rf 'a b'[\s\S]*Down \(timeout 15m0s\)/,
    );
    expect(stdout).toContain(`ARTIFACTS=${sandbox.artifacts}`);
    expect(existsSync(sandbox.artifacts)).toBe(false);
  });

  test('--dry-run tells what is not ready here, and passes', async () => {
    using sandbox = new Sandbox();
    const { code, stdout } = await sandbox.run(['noop', '--up', '--kubeconfig=none', '--test=ginkgo', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/not ready here:\n {2}invalid --kubeconfig: file \S+none does not exist/);
  });

  test('--log-format=json writes one object a line', async () => {
    using sandbox = new Sandbox();
    const { stderr } = await sandbox.run(['noop', '--up', '--log-format=json']);
    const lines = stderr.trim().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('message');
  });
});

describe.concurrent('the names of the program', () => {
  test('are made by link, relative, and again without effect', async () => {
    using sandbox = new Sandbox();
    const first = await sandbox.run(['link', 'names']);
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toContain('names/kubetest2-tester-exec');
    const again = await sandbox.run(['link', 'names']);
    expect([again.code, again.stdout]).toEqual([0, '']);
    const run = await sandbox.start(['names/kubetest2', 'noop', '--test=exec', '--', 'echo', 'as a launcher']).ended;
    expect([run.code, run.stdout]).toEqual([0, 'as a launcher\n']);
    const deployer = await sandbox.start(['names/kubetest2-noop', '--test=exec', '--', 'echo', 'as a deployer']).ended;
    expect([deployer.code, deployer.stdout]).toEqual([0, 'as a deployer\n']);
    const tester = await sandbox.start(['names/kubetest2-tester-exec', 'echo', 'as a tester']).ended;
    expect([tester.code, tester.stdout]).toEqual([0, 'as a tester\n']);
    // Five starts of the program, one after the other.
  }, 120_000);

  test('do not replace other files without --force', async () => {
    using sandbox = new Sandbox();
    mkdirSync(join(sandbox.dir, 'names'));
    writeFileSync(join(sandbox.dir, 'names/kubetest2-kind'), 'the original');
    const refused = await sandbox.run(['link', 'names']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('names/kubetest2-kind');
    expect(sandbox.read('names/kubetest2-kind')).toBe('the original');
    expect(existsSync(join(sandbox.dir, 'names/kubetest2'))).toBe(false);
    expect((await sandbox.run(['link', 'names', '--force'])).code).toBe(0);
  });

  test.each([
    ['in a file', 'plain', 'plain: file already exists'],
    ['in place of a directory', 'names', 'cannot create link '],
  ])('%s fail with the path and the reason', async (_, directory, reason) => {
    using sandbox = new Sandbox();
    mkdirSync(join(sandbox.dir, 'names/kubetest2'), { recursive: true });
    writeFileSync(join(sandbox.dir, 'plain'), '');
    const { code, stderr } = await sandbox.run(['link', directory, '--force']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^Error: .*\n$/);
    expect(stderr).toContain(reason);
  });
});
