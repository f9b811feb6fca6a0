import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type BuildSpec, DAY, type Ending, HOUR, jobFiles, random, writeFiles } from '../../../helpers/job-history.ts';
import { Sandbox } from '../../../helpers/sandbox.ts';
import { ResultsBucket } from '../../../helpers/servers/results-bucket.ts';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const AT = '--now=2026-11-23T12:00:00Z';
/** When even the records of the newest build have settled. */
const LATER = '--now=2026-11-23T13:00:00Z';
const TESTS = Array.from({ length: 40 }, (_, at) => `[sig-x] test ${at} should work`);
const ALL_PASS = Object.fromEntries(TESTS.map((name) => [name, 'passed' as Ending]));

/** Builds of some days, eight a day; `change` says how one differs. */
function builds(days: number, change: (at: number, started: number) => Partial<BuildSpec> = () => ({})): BuildSpec[] {
  const chance = random(days);
  return Array.from({ length: days * 8 }, (_, at) => {
    const started = NOW - days * DAY + at * 3 * HOUR + HOUR;
    return {
      started,
      seconds: 3600 * (1 + chance() / 10),
      tests: ALL_PASS,
      commit: `c${at >> 3}`,
      ...change(at, started),
    };
  });
}

interface Answer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  // biome-ignore lint/suspicious/noExplicitAny: the report as programs read it.
  readonly report: any;
}

async function ask(original: BuildSpec[], canary: BuildSpec[], ...flags: string[]): Promise<Answer> {
  using sandbox = new Sandbox();
  writeFiles(sandbox.dir, jobFiles('ci-foo', original));
  writeFiles(sandbox.dir, jobFiles('ci-foo-canary', canary));
  const layout = original[0]?.pull ? 'pr-logs/directory' : 'logs';
  const jobs = [`${layout}/ci-foo`, `${layout}/ci-foo-canary`];
  const ended = await sandbox.run(['stability', ...jobs, AT, '--json=report.json', ...flags]);
  return { ...ended, report: sandbox.has('report.json') ? JSON.parse(sandbox.read('report.json')) : undefined };
}

const states = ({ report }: Answer): Record<string, string> =>
  Object.fromEntries(report.gates.map(({ name, state }: { name: string; state: string }) => [name, state]));

describe('the verdict', () => {
  test('is STABLE, exit code 0, for two jobs that pass', async () => {
    const answer = await ask(builds(12), builds(12));
    expect(answer.code, answer.stdout).toBe(0);
    expect(answer.stdout).toMatch(/^STABLE: ci-foo -> ci-foo-canary\n/);
    expect(answer.stdout).toContain('96 of 96 runs passed');
    expect(answer.report).toMatchObject({ schema: 1, verdict: 'stable', moreRuns: null, for: 'non-optional' });
    expect(new Set(Object.values(states(answer)))).toEqual(new Set(['pass']));
  });

  test('is NOT YET, exit code 5, for a canary that is young, with the runs that it takes', async () => {
    const answer = await ask(builds(12), builds(3));
    expect(answer.code).toBe(5);
    expect(answer.stdout).toMatch(/^NOT YET: .*\nWait for 34 more runs of the canary, about 2026-11-29 12:00 UTC/);
    expect(answer.report).toMatchObject({ verdict: 'not-yet', moreRuns: 34 });
    expect(answer.report.window.from).toBe('2026-11-20T00:00:00.000Z');
  });

  test('is NOT STABLE, exit code 1, for a canary that fails too often, by phase', async () => {
    const bad = builds(12, (at) =>
      at % 4 === 0 ? { passed: false, steps: { launcher: 'kubetest2', rows: ['!Up', 'Down'] }, tests: {} } : {},
    );
    const answer = await ask(builds(12), bad);
    expect(answer.code).toBe(1);
    expect(answer.stdout).toMatch(/^NOT STABLE: /);
    expect(answer.report.gates[0]).toMatchObject({ name: 'pass-rate', state: 'fail' });
    expect(answer.stdout).toContain(answer.report.gates[0].text);
    expect(answer.report.canary.phases).toEqual({ setup: 24, test: 0, teardown: 0, other: 0 });
  });

  test('names a test that is lost, unless it may be', async () => {
    const [lost = '', skipped = '', ...kept] = TESTS;
    const tests = {
      ...Object.fromEntries(kept.map((name) => [`${name} {Kubernetes e2e suite}`, 'passed' as Ending])),
      [skipped]: 'skipped - needs GPUs' as Ending,
      'a new one': 'passed' as Ending,
    };
    const answer = await ask(
      builds(12),
      builds(12, () => ({ tests })),
    );
    expect(answer.report.tests).toMatchObject({ lost: [lost, skipped], gained: ['a new one'] });
    expect(answer.stdout).toContain(`${skipped} (skipped at run time: needs GPUs)`);
    const allowed = await ask(
      builds(12),
      builds(12, () => ({ tests })),
      '--allow-lost=test 0 ',
      '--allow-lost=test 1 ',
    );
    expect(allowed.code).toBe(0);
    expect(allowed.stdout).toContain('allowed by --allow-lost');
  });

  test('names a test that fails more often, retried or not', async () => {
    const [worse = ''] = TESTS;
    const flaky = builds(12, (at) => (at % 5 === 0 ? { tests: { ...ALL_PASS, [worse]: 'flaked' } } : {}));
    const answer = await ask(builds(12), flaky);
    expect(answer.code).toBe(1);
    expect(answer.report.tests.regressed).toMatchObject([{ name: worse, canary: [20, 96], original: [0, 96] }]);
  });

  test('does not count what neither job can help', async () => {
    const broken = (at: number): Partial<BuildSpec> => {
      if (at % 10 === 1) return { result: 'ABORTED', passed: false };
      if (at % 10 === 2) return { result: 'ERROR', passed: false };
      if (at % 10 === 3)
        return {
          passed: false,
          steps: 'none',
          tests: {},
          metadata: { uploader: 'crier' },
          files: { 'artifacts/junit_01.xml': undefined },
        };
      return {};
    };
    const answer = await ask(builds(20, broken), builds(20, broken));
    expect(answer.report.canary.runs).toMatchObject({
      found: 160,
      counted: 112,
      aborted: 16,
      environment: 32,
      failed: 0,
    });
    expect(answer.code, answer.stdout).toBe(0);
  });

  test('counts the first try of a change of presubmits, and says how many retries there were', async () => {
    const tries = builds(12, (at) => ({
      pull: { number: 100 + (at >> 1), head: `abcdef${100 + (at >> 1)}` },
      passed: at % 2 === 0,
      ...(at % 2 === 1 && { steps: { launcher: 'kubetest2', rows: ['Up', '!Test'] } }),
    }));
    const answer = await ask(tries, tries, '--min-runs=20');
    expect(answer.report.canary.runs).toMatchObject({ found: 96, counted: 48, passed: 48, retries: 48 });
    expect(states(answer)['pass-rate']).toBe('open');
    expect(answer.report.comparison).toMatchObject({ runsOriginal: 48, runsCanary: 48 });
  });

  test('says which builds cannot be read, and never that their tests are lost', async () => {
    const cut = builds(12, (at) =>
      at > 90 ? { files: { 'artifacts/junit_01.xml': '<testsuites><testsuite name="a"><testca' } } : {},
    );
    const answer = await ask(builds(12), cut);
    expect(answer.report.canary.runs.unreadable).toBe(5);
    expect(answer.report.tests.lost).toEqual([]);
    expect(answer.stdout).toContain('Unreadable junit, which says nothing about tests: 5 builds');
  });

  test('knows builds by plain numbers, and their order', async () => {
    const plain = builds(12, (at) => ({ id: String(at + 5) }));
    expect((await ask(plain, plain)).report).toMatchObject({ verdict: 'stable', canary: { runs: { found: 96 } } });
  });

  test('asks for criteria before a canary may block', async () => {
    const prowjob = JSON.stringify({ metadata: { annotations: { 'testgrid-alert-email': 'a@b' } } });
    const owned = builds(12, () => ({ files: { 'prowjob.json': prowjob } }));
    const answer = await ask(builds(12), owned, '--for=blocking');
    expect(answer.report.criteria).toEqual({
      ...{ duration: 'met', frequency: 'met', 'pass-rate': 'met', 'failures-in-a-row': 'met', 'same-commit': 'met' },
      owner: 'met',
    });
    const slow = builds(12, () => ({ seconds: 9000 }));
    expect((await ask(slow, slow, '--for=replace')).report).toMatchObject({
      verdict: 'not-stable',
      criteria: { duration: 'not-met', owner: 'unknown' },
    });
  });

  test('waits for a job that no longer runs', async () => {
    const stale = builds(12).slice(0, -32);
    expect(states(await ask(builds(12), stale))).toMatchObject({ fresh: 'open' });
  });

  test('forgets what was before --since', { timeout: 120_000 }, async () => {
    const repaired = builds(20, (at) => (at < 60 ? { passed: false } : {}));
    expect((await ask(builds(20), repaired)).code).toBe(1);
    expect((await ask(builds(20), repaired, '--since=2026-11-11T12:00:00Z')).code).toBe(0);
  });
});

test('names are data: in text, page and JSON', async () => {
  using sandbox = new Sandbox();
  const evil = '<img src=x onerror=alert(1)>\u202e\u009b31m';
  writeFiles(
    sandbox.dir,
    jobFiles(
      'a',
      builds(9, () => ({ tests: { ...ALL_PASS, [evil]: 'passed' } })),
    ),
  );
  writeFiles(sandbox.dir, jobFiles('b', builds(9)));
  const jobs = ['logs/a', 'logs/b'];
  const first = await sandbox.run(['stability', ...jobs, AT, '--html=one.html', '--json=one.json']);
  const again = await sandbox.run(['stability', ...jobs, AT, '--html=two.html', '--json=two.json']);
  expect([again.stdout, sandbox.read('two.html'), sandbox.read('two.json')]).toEqual([
    first.stdout,
    sandbox.read('one.html'),
    sandbox.read('one.json'),
  ]);
  expect(first.stdout).toContain('<img src=x onerror=alert(1)>\\u202e\\u009b31m (not there)');
  expect(JSON.parse(sandbox.read('one.json')).tests.lost).toEqual([evil]);
  const page = sandbox.read('one.html');
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/[\u0080-\u009f\u202a-\u202e]|<script|(?:src|href)="http/);
  expect(page).toContain('NOT STABLE: a -&#62; b');
  expect(page.match(/<svg/g)).toHaveLength(8);
});

describe('in a bucket', () => {
  const files = () => new Map([...jobFiles('ci-foo', builds(30)), ...jobFiles('ci-foo-canary', builds(12))]);
  const words = (endpoint: string, ...more: string[]) => [
    ...['stability', 'gs://bucket/logs/ci-foo', 'gs://bucket/logs/ci-foo-canary', LATER, `--gcs-endpoint=${endpoint}`],
    ...more,
  ];

  test('nothing else is read, many builds at once, and the second time they are only listed', async () => {
    using sandbox = new Sandbox();
    await using bucket = await ResultsBucket.open(files());
    const first = await sandbox.run(words(bucket.endpoint, '--json=one.json'));
    expect(first.code, first.stderr).toBe(0);
    expect(bucket.reads.filter((name) => !/(?:started|finished)\.json$|\/junit_[^/]+\.xml$/.test(name))).toEqual([]);
    // The window begins with the canary: of the original's thirty days only twelve are read.
    expect(bucket.reads.filter((name) => /ci-foo\/.*started/.test(name)).length).toBeLessThanOrEqual(13 * 8);
    expect(bucket.most).toBeGreaterThanOrEqual(4);
    expect(bucket.most).toBeLessThanOrEqual(32);
    bucket.reads.length = 0;
    bucket.lists.length = 0;
    const again = await sandbox.run(words(bucket.endpoint, '--json=two.json'));
    expect(again.stdout).toBe(first.stdout);
    expect(sandbox.read('two.json')).toBe(sandbox.read('one.json'));
    expect(bucket.reads).toEqual([]);
    const kept = join(sandbox.dir, 'home/.cache/kubetest2-ts/stability/v1/builds');
    const sizes = readdirSync(kept).map((name) => readFileSync(join(kept, name)).length);
    expect(Math.max(...sizes)).toBeLessThan(50_000);
    const listed = await sandbox.run(['cache', 'list']);
    expect(listed.stdout).toMatch(/condensed builds/);
  });

  test('a refused request is tried again; a job that stays out of reach is named', async () => {
    using sandbox = new Sandbox();
    await using bucket = await ResultsBucket.open(files());
    bucket.refusals = { status: 503, count: 4 };
    expect((await sandbox.run(words(bucket.endpoint))).code).toBe(0);
    bucket.refusals = { status: 403, count: 1 };
    const refused = await sandbox.run(words(bucket.endpoint));
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('gs://bucket/logs/ci-foo-canary');
    const none = await sandbox.run([
      'stability',
      'gs://bucket/logs/none',
      'gs://bucket/logs/ci-foo',
      AT,
      `--gcs-endpoint=${bucket.endpoint}`,
    ]);
    expect(none.code).toBe(3);
    expect(none.stderr).toContain('no builds in gs://bucket/logs/none');
  });
});

test.each([
  [['stability', 'logs/a'], 'missing argument'],
  [['stability', 'gs://bucket/other/a', 'logs/a'], 'invalid job "gs://bucket/other/a"'],
  [['stability', 'logs/a', 'pr-logs/directory/a'], 'cannot compare a periodic job with a presubmit job'],
  [['stability', 'logs/a', 'logs/b', '--margin=much'], '--margin'],
  [['stability', 'logs/a', 'logs/b', '--min-runs=0'], 'invalid --min-runs 0'],
  [['stability', 'logs/a', 'logs/b', '--since=yesterday'], '--since'],
  [['stability', 'logs/a', 'logs/b', '--json=-', '--html=-'], 'both write to stdout'],
])('%j is a usage error', async (words, why) => {
  using sandbox = new Sandbox();
  const ended = await sandbox.run(words);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain(why);
});
