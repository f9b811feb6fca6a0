import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Cloud, releases } from '../../../helpers/gce-project.ts';
import type { Part, Plan } from '../../../helpers/programs/recorder.ts';
import { published, serve } from '../../../helpers/servers/files.ts';
import { messagesIn, Stage } from '../../../helpers/stage.ts';

const suite = (cases: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="ClusterLoaderV2" tests="2" time="90">${cases}</testsuite>\n`;
const passed = suite(
  '<testcase name="load overall (testing/load/config.yaml)" classname="ClusterLoaderV2" time="1500"></testcase>' +
    '<testcase name="load: [step: 01] starting measurements" classname="ClusterLoaderV2" time="0.1"></testcase>',
);
const violation =
  '[measurement call APIResponsivenessPrometheus - APIResponsivenessPrometheusSimple error: top latency metric: there should be no high-latency requests, but: [got: &amp;{Resource:pods Subresource: Verb:LIST Scope:cluster Latency:perc50: 1s, perc90: 2s, perc99: 32.5s Count:44 SlowCount:3}; expected perc99 &lt;= 30s]]';
const failed = suite(
  `<testcase name="load overall (testing/load/config.yaml)" classname="ClusterLoaderV2" time="1500"><failure type="Failure">:0&#xA;${violation}&#xA;:0</failure></testcase>` +
    `<testcase name="load: [step: 29] gathering measurements" classname="ClusterLoaderV2" time="3"><failure type="Failure">:0&#xA;${violation.slice(0, -1)}&#xA;measurement call X - Y error: no samples]&#xA;:0</failure></testcase>` +
    '<testcase name="load: [step: 30] deleting" classname="ClusterLoaderV2" time="3"><failure type="Failure">:0&#xA;[timed out]&#xA;:0</failure></testcase>',
);
const summary = JSON.stringify({
  version: 'v1',
  dataItems: [{ data: { Perc50: 600, Perc90: 1200, Perc99: 2400 }, unit: 'ms', labels: { Metric: 'pod_startup' } }],
});
const reports = (junit: string) => ({
  '$ARTIFACTS/junit.xml': junit,
  '$ARTIFACTS/PodStartupLatency_PodStartupLatency_load_2026-08-01T10:00:00Z.json': summary,
});

/** A checkout of perf-tests with its standard configs, and fakes of the tools. */
function stage(plan: Plan = {}, env: Readonly<Record<string, string>> = {}): Stage {
  const at = new Stage(['go', 'git', 'clusterloader2'], { git: tree(), go: toolchain, ...plan }, env);
  for (const name of ['load', 'density', 'node-throughput', 'mine']) {
    const file = join(at.dir, 'perf-tests/clusterloader2/testing', name, 'config.yaml');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'name: x\n');
  }
  writeFileSync(join(at.dir, 'override.yaml'), 'A: 1\n');
  return at;
}

const toolchain: readonly Part[] = [
  { when: 'env', stdout: 'go1.26.0\nlinux\namd64\n' },
  { when: 'build', builds: 'clusterloader2' },
];
const tree = (changes = ''): readonly Part[] => [
  { when: 'rev-parse', stdout: `${'a'.repeat(40)}\n` },
  { when: 'status', stdout: changes },
];

const noop = ['noop', '--test=clusterloader2', '--'];
const built = [...noop, '--binary=bin/clusterloader2', '--repo-root=perf-tests'];

describe('clusterloader2 gets', () => {
  test('its configs from the repository, and the values of the deployer', async () => {
    const at = stage();
    writeFileSync(join(at.dir, 'kubeconfig'), '');
    const { exitCode } = await at.run(
      'noop',
      '--kubeconfig=kubeconfig',
      ...built.slice(1),
      '--suites=load,density',
      '--test-configs=testing/mine/config.yaml',
      '--test-overrides=override.yaml',
      '--nodes=7',
      '-v=3',
      "--extra-args=--a='b c' -d",
    );
    expect(exitCode).toBe(0);
    const [call] = at.calls;
    expect(call?.cwd).toBe(join(at.dir, 'perf-tests/clusterloader2'));
    expect(call?.args).toEqual([
      '--provider=skeleton',
      `--kubeconfig=${join(at.dir, 'kubeconfig')}`,
      `--report-dir=${at.artifacts}`,
      '--v=3',
      '--nodes=7',
      '--testconfig=testing/mine/config.yaml',
      '--testconfig=testing/load/config.yaml',
      '--testconfig=testing/density/config.yaml',
      `--testoverrides=${join(at.dir, 'override.yaml')}`,
      '--a=b c',
      '-d',
    ]);
  });

  test('the unchanged environment, and $PROVIDER as the last default', async () => {
    const twins = { CL2_LOAD_TEST_THROUGHPUT: '20', NUM_NODES: '5', ENABLE_PROMETHEUS_SERVER: 'true', PROVIDER: 'aws' };
    const at = stage({}, { ...twins, KUBECONFIG: '/somewhere/config' });
    await at.run(...built, '--suites=load', '--report-dir=reports');
    const [call] = at.calls;
    expect(call?.env).toMatchObject(twins);
    expect(call?.args?.slice(0, 5)).toEqual([
      '--provider=aws',
      '--kubeconfig=/somewhere/config',
      `--report-dir=${join(at.dir, 'reports')}`,
      '--v=0',
      '--testconfig=testing/load/config.yaml',
    ]);
  });
});

test('gets the provider of the deployer', async () => {
  const server = await releases();
  onTestFinished(() => server.close());
  using cloud = new Cloud();
  const { dir, bin } = cloud.sandbox;
  writeFileSync(join(bin, 'clusterloader2'), `#!/bin/sh\necho "$@" >"${dir}/args"\n`, { mode: 0o755 });
  writeFileSync(join(dir, 'mine.yaml'), 'name: x\n');
  const { code, stderr } = await cloud.run(
    ...['--up', '--repo-root=kubernetes-tree', '--gcp-project=p-1', '--ready-timeout=0'],
    ...[`--kubernetes-version=${server.url}/release/stable-1.36.txt`, '--test=clusterloader2', '--'],
    ...[`--binary=${bin}/clusterloader2`, '--test-configs=mine.yaml'],
  );
  expect(code, stderr).toBe(0);
  expect(cloud.sandbox.read('args')).toMatch(/^--provider=gce --kubeconfig=\S+kubeconfig /);
});

test('downloads and runs the binary of a URL', async () => {
  // A real binary of this host that exits with 0 with any arguments.
  const bytes = readFileSync('/bin/true');
  const { url } = await serve(published('/cl2/clusterloader2', bytes));
  const at = stage();
  const { exitCode, stderr } = await at.run(
    'noop',
    '--run-id=r1',
    '--test=clusterloader2',
    '--',
    `--binary=${url}/cl2/clusterloader2`,
    '--test-configs=override.yaml',
  );
  expect(exitCode, stderr).toBe(0);
  expect(readFileSync(join(at.dir, '_rundir/r1/clusterloader2')).equals(bytes)).toBe(true);
  expect(at.artifact('events.jsonl')).toContain(join(at.dir, '_rundir/r1/clusterloader2'));
});

describe('nothing starts', () => {
  test.each([
    [['--suites=load'], 'needs --repo-root=PERF-TESTS, or --binary'],
    [
      ['--repo-root=perf-tests', '--suites=laod'],
      'unknown suite "laod" in --suites (available: load, density, node-throughput)',
    ],
    [['--repo-root=perf-tests'], 'no tests specified: set --suites'],
    [['--repo-root=perf-tests', '--suites=load', "--extra-args='a"], 'invalid --extra-args: '],
    [['--repo-root=elsewhere', '--suites=load'], 'not a checkout of perf-tests'],
    [['--repo-root=perf-tests', '--test-configs=missing.yaml'], 'invalid --test-configs: "missing.yaml" not found in'],
    [
      ['--repo-root=perf-tests', '--suites=load', '--test-overrides=a.yaml,b.yaml'],
      'invalid --test-overrides: "a.yaml", "b.yaml" not found in',
    ],
    [['--repo-root=perf-tests', '--suites=load', '--binary=missing'], 'missing: not an executable file'],
  ])('with %j', async (args, message) => {
    const at = stage();
    const { exitCode, stderr } = await at.run(...noop, ...args);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain(message);
    expect(at.calls).toEqual([]);
  });
});

describe('without --binary clusterloader2 is built', () => {
  const args = [...noop, '--repo-root=perf-tests', '--suites=load'];

  test('once for a commit and a toolchain', async () => {
    const at = stage();
    expect((await at.run(...args)).exitCode).toBe(0);
    expect((await at.run(...args)).exitCode).toBe(0);
    const builds = at.argsOf('go').filter(([verb]) => verb === 'build');
    expect(builds).toEqual([
      ['build', '-o', expect.stringContaining('cache/kubetest2-ts/clusterloader2/aaaa'), './cmd/'],
    ]);
    expect(at.argsOf('clusterloader2')).toHaveLength(2);
    const [key = ''] = readdirSync(join(at.dir, 'cache/kubetest2-ts/clusterloader2'));
    expect(key).toBe(`${'a'.repeat(40)}-go1.26.0-linux-amd64`);
    expect(readdirSync(join(at.dir, 'cache/kubetest2-ts/clusterloader2', key))).toEqual(['clusterloader2']);
  });

  test('each time if the checkout has changes', async () => {
    const at = stage({ git: tree(' M pkg/x.go\n') });
    await at.run(...args);
    await at.run(...args);
    expect(at.argsOf('go').filter(([verb]) => verb === 'build')).toHaveLength(2);
    expect(at.argsOf('clusterloader2')).toHaveLength(2);
  });

  test('and the error of a failed build names the way out', async () => {
    const at = stage({ go: [{ when: 'build', exit: 1, stderr: 'syntax error' }] });
    const { exitCode, stderr } = await at.run(...args);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('set --binary to use a built one, which needs no Go toolchain');
    expect(at.argsOf('clusterloader2')).toEqual([]);
  });
});

describe('results', () => {
  test('of passed tests are shown with their latencies, and drawn', async () => {
    const at = stage({ clusterloader2: { write: reports(passed) } });
    const { exitCode, stderr } = await at.run(...built, '--suites=load');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('clusterloader2: 1 test, 1 step, 0 failed, 25m0s');
    expect(messagesIn(stderr)).toMatch(
      /load: PodStartupLatency_PodStartupLatency\n +pod_startup +600ms +1\.20s +2\.40s +5\.00s/,
    );
    expect(stderr).toContain('PodStartupLatency_PodStartupLatency_load_2026-08-01T10:00:00Z.json');
    expect(readFileSync(join(at.artifacts, 'clusterloader2-latency.svg'), 'utf8')).toContain('pod_startup');
  });

  test('of many calls show the slowest, and all that missed their objective', async () => {
    const calls = Array.from({ length: 30 }, (_, at) => ({
      data: { Perc50: 1, Perc90: 2, Perc99: at < 24 ? at : 2000 + at },
      unit: 'ms',
      labels: { Verb: 'GET', Resource: `r${at}`, Subresource: '', Scope: 'resource' },
    }));
    const file = '$ARTIFACTS/APIResponsivenessPrometheus_load_2026-08-01T10:00:00Z.json';
    const write = { ...reports(passed), [file]: JSON.stringify({ version: 'v1', dataItems: calls }) };
    const { stderr } = await stage({ clusterloader2: { write } }).run(...built, '--suites=load');
    const shown = Array.from(messagesIn(stderr).matchAll(/^ +GET (r\d+) .*?(MISSED)?$/gm), ([, name, missed]) => [
      name,
      missed,
    ]);
    expect(shown).toEqual([29, 28, 27, 26, 25, 24].map((at) => [`r${at}`, 'MISSED']));
    expect(stderr).toContain('and 24 more');
  });

  test('of two runs are compared by `perf compare`', async () => {
    const at = stage({ clusterloader2: { write: reports(passed) } });
    await at.run(...built, '--suites=load');
    const { exitCode, stdout } = await at.run('perf', 'compare', 'artifacts', at.artifacts);
    expect(stdout).toContain('No latency grew by more than 10% (1 compared)');
    expect(exitCode).toBe(0);
    expect((await at.run('perf', 'compare', 'artifacts', 'elsewhere')).exitCode).toBe(2);
    expect((await at.run('perf', '--help')).stdout).toContain('perf compare RUN RUN');
  });

  test('start with missed objectives, with measured and allowed value', async () => {
    const at = stage({ clusterloader2: { write: reports(failed), exit: 1 } });
    const { exitCode, stderr } = await at.run(...built, '--suites=load');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(
      '1 objective of clusterloader2 missed: APIResponsivenessPrometheus (APIResponsivenessPrometheusSimple): LIST pods (cluster) p99 is 32.5s, allowed at most 30s',
    );
    const record = at.artifact('junit_runner.xml');
    expect(record.indexOf('objectives missed:')).toBeLessThan(record.indexOf('load: [step: 30] deleting: timed out'));
    expect(record).not.toContain('load overall');
    expect(record).toContain(
      'load: [step: 29] gathering measurements: objectives missed; measurement call X - Y error: no samples',
    );
    expect(messagesIn(stderr)).toMatch(/objectives missed:\n +APIResponsivenessPrometheus .*\n *failed:/);
  });

  test.each([
    ['none', undefined, 'no results: '],
    ['one that is cut off', passed.slice(0, 150), 'junit.xml is not valid XML'],
    ['an empty one', '', 'junit.xml is empty'],
  ])('of a failure with junit.xml being %s have the reason', async (_, text, message) => {
    const write = text === undefined ? {} : { '$ARTIFACTS/junit.xml': text };
    const at = stage({ clusterloader2: { exit: 1, write, stderr: 'E0801 boom' } });
    const { exitCode, stderr } = await at.run(...built, '--suites=load');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('clusterloader2 failed without results');
    expect(at.artifact('junit_runner.xml')).toContain(message);
    expect(at.artifact('junit_runner.xml')).toContain('E0801 boom');
  });

  test('of an earlier run do not count', async () => {
    const at = stage({ clusterloader2: [{ exit: 1 }] });
    writeFileSync(join(at.artifacts, 'junit.xml'), failed);
    const { utimesSync } = await import('node:fs');
    utimesSync(join(at.artifacts, 'junit.xml'), 1000, 1000);
    const { stderr } = await at.run(...built, '--suites=load');
    expect(stderr).not.toContain('objective');
    expect(at.artifact('junit_runner.xml')).toContain('is from an earlier run');
  });

  test('of a killed process name the signal', async () => {
    const at = stage({ clusterloader2: { die: 'SIGKILL' } });
    const { exitCode } = await at.run(...built, '--suites=load');
    expect(exitCode).toBe(1);
    expect(at.artifact('junit_runner.xml')).toContain('SIGKILL');
  });
});

describe('a dry run', () => {
  const args = [...built, '--suites=load', '--extra-args=--dry-run'];

  test('passes although clusterloader2 exits with 1', async () => {
    const at = stage({ clusterloader2: { exit: 1, stderr: 'F0801 Dry run mode enabled, exiting after dumping\n' } });
    const { exitCode, stderr } = await at.run(...args);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('and ran no tests (dry run)');
  });

  test('that fails for another reason is a failure', async () => {
    const at = stage({ clusterloader2: { exit: 1, stderr: 'F0801 Test compilation failed: [x]\n' } });
    const { exitCode, stderr } = await at.run(...args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('cannot compile its configs');
  });
});

test('an interruption reaches clusterloader2', async () => {
  const at = stage({ clusterloader2: { hang: 0 } });
  const running = at.start(...built, '--suites=load');
  await running.called(({ hangs }) => hangs === true);
  running.child.kill('SIGTERM');
  expect((await running.ended).exitCode).toBe(143);
  expect(at.calls.flatMap(({ got }) => got ?? [])).toEqual(['SIGINT']);
});
