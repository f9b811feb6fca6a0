import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { readJunit } from '../../src/junit/read.ts';
import { componentsBin, describeWith } from '../helpers/real/components.ts';
import { type Cluster, CONTROL_PLANE, type ControlPlane, startControlPlane } from '../helpers/real/control-plane.ts';
import { sharedCluster } from '../helpers/real/shared-cluster.ts';

const program = fileURLToPath(new URL('../../dist/kubetest2-ts.cjs', import.meta.url));

const SEVEN =
  '\\[sig-api-machinery\\].*(Watchers should be able to start watching|ResourceQuota should create a ResourceQuota and capture the life of a (configMap|secret|service)|Namespaces|CustomResourceDefinition resources \\[Privileged:ClusterAdmin\\] Simple)';
const SKIP = '--skip-regex=\\[Slow\\]|\\[Serial\\]|\\[Disruptive\\]';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

const artifact = (name: string) => readFile(join(dir, 'artifacts', name), 'utf8');

/** `kubetest2-ts noop --up --test=ginkgo -- …` against a cluster, with the real programs on PATH. */
function start({ kubeconfig }: Cluster, args: readonly string[], signal?: AbortSignal) {
  const launcher = ['noop', '--up', '--test=ginkgo', `--kubeconfig=${kubeconfig}`, '--run-id=run'];
  const argv = [program, ...launcher, '--', '--use-binaries-from-path', ...args];
  const child = spawn(process.execPath, argv, {
    cwd: dir,
    env: {
      PATH: `${componentsBin}:/usr/bin:/bin`,
      HOME: dir,
      ARTIFACTS: join(dir, 'artifacts'),
      KUBETEST2_RUN_DIR: join(dir, 'rundir'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr, [code]]) => ({ code: code as number | null, stdout, stderr }),
  );
  return { child, ended };
}

describeWith([...CONTROL_PLANE, 'e2e.test', 'ginkgo'], 'Kubernetes without kubelets', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await sharedCluster();
  });

  test('seven specs of the real e2e.test pass, and are logged and recorded', async () => {
    const ended = await start(cluster, ['--parallel=2', `--focus-regex=${SEVEN}`, SKIP]).ended;
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(ended.stderr).toMatch(/0\/7 specs done, 0 failed/);
    expect(ended.stderr).toMatch(/7 specs ran: 7 passed, 0 failed/);
    expect(ended.stderr).toMatch(
      /Versions: server v1\.36\.1, kubectl v1\.36\.1, e2e\.test v1\.36\.1, ginkgo 2\.\d+\.\d+, kubelets v1\.35\.0 \(x3\)/,
    );
    expect(JSON.parse(await artifact('metadata.json'))).toMatchObject({
      'cluster-version': 'v1.36.1',
      'job-version': 'v1.36.1',
      'e2e-test-sha256': expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const { suites } = await readJunit(await artifact('junit_runner.xml'), 'junit_runner.xml');
    const steps = suites.flatMap(({ cases }) => cases);
    expect(steps.map(({ name, failure }) => [name, failure])).toEqual([
      ['Up', undefined],
      ['Test', undefined],
    ]);
    expect(steps[1]?.systemOut).toContain('7 specs ran: 7 passed');
    expect(await artifact('junit_01.xml')).toContain('Watchers should be able to start watching');
    expect(await artifact('junit_version_skew.xml')).not.toContain('<failure');
  });

  test('a failed spec is reported with its reason', async () => {
    const ended = await start(cluster, ['--focus-regex=MetricsGrabber should grab all metrics from a Kubelet']).ended;
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toMatch(/1 of 1 spec failed: \[sig-instrumentation\] MetricsGrabber should grab all metrics/);
    expect(await artifact('junit_runner.xml')).toMatch(/<failure message="1 of 1 spec failed: \[sig-instrumentation\]/);
  });

  test('a run in which no spec is selected fails', async () => {
    const ended = await start(cluster, ['--focus-regex=no spec has this name']).ended;
    expect(ended).toMatchObject({ code: 1 });
    expect(ended.stderr).toContain('no spec ran');
  });

  test('an interrupted run leaves no process and a report of what it was doing', async () => {
    // Its pods never complete, since kwok runs nothing.
    const args = ['--focus-regex=Job should run a job to completion when tasks succeed', '--parallel=2'];
    const { child, ended } = start(cluster, args);
    await waitForJob(cluster);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(await artifact('junit_01.xml')).toContain('type="interrupted"');
    const { stdout } = await promisify(execFile)('ps', ['-eo', 'args']);
    expect(stdout.split('\n').filter((line) => line.includes(dir))).toEqual([]);
  });

  test('--list-specs lists specs of the real suite without a cluster', async () => {
    const ended = await start(cluster, ['--list-specs', `--focus-regex=${SEVEN}`, SKIP]).ended;
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(7);
  });

  test('the same build passes at level exact', async () => {
    const args = ['--check-version-skew', `--focus-regex=Watchers should be able to start watching`];
    expect(await start(cluster, args).ended).toMatchObject({ code: 0 });
  });
});

describeWith(
  ['etcd', 'kube-apiserver', 'kubectl', 'e2e.test', 'ginkgo'],
  'An API server that emulates 1.34 and has no nodes',
  () => {
    let plane: ControlPlane;
    beforeAll(async () => {
      plane = await startControlPlane({ nodes: 0, apiServerWords: ['--emulated-version=1.34'] });
    });
    afterAll(async () => {
      await plane?.[Symbol.asyncDispose]();
    });

    test('is not tested with e2e.test v1.36.1 at level policy', async () => {
      const ended = await start(plane, ['--check-version-skew=policy']).ended;
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toContain(
        'Version skew: e2e.test v1.36.1 is 2 minor versions newer than the API server v1.36.1 (emulating 1.34) (allowed: 1.33 to 1.34)',
      );
      expect(await artifact('junit_version_skew.xml')).toContain('<failure');
    });

    test('is tested at level warn, but no spec runs without nodes', async () => {
      const args = [
        `--focus-regex=Watchers`,
        '--test-args=--node-schedulable-timeout=5s --system-pods-startup-timeout=5s',
      ];
      const ended = await start(plane, args).ended;
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toMatch(/no spec ran: the suite failed outside of its specs: \[SynchronizedBeforeSuite\]/);
    });
  },
);

async function waitForJob({ kubectl }: Cluster): Promise<void> {
  const ofJobs = '--selector=batch.kubernetes.io/job-name';
  for (;;) {
    const pods = await kubectl('get', 'pods', '-A', ofJobs, '-o', 'jsonpath={.items[*].status.phase}');
    if (pods.includes('Running')) return;
  }
}
