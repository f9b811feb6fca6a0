import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { describeWith } from '../helpers/real/components.ts';
import { type Cluster, CONTROL_PLANE } from '../helpers/real/control-plane.ts';
import { sharedCluster } from '../helpers/real/shared-cluster.ts';
import { messagesIn, Stage } from '../helpers/stage.ts';

// clusterloader2 is published neither as a binary nor as a module, so its path is configured.
const program = process.env['KUBETEST2_TEST_CLUSTERLOADER2'] ?? '';
const exists = existsSync(program);
const why = program === '' ? 'KUBETEST2_TEST_CLUSTERLOADER2 is not set' : `there is no ${program}`;

/** Four pods of one deployment, and their startup latency; kwok fakes the nodes. */
const config = (threshold: string) => `
name: small
namespace: {number: 1}
tuningSets: [{name: one, qpsLoad: {qps: 5}}]
steps:
- name: starting measurements
  measurements:
  - {Identifier: Pods, Method: PodStartupLatency, Params: {action: start, labelSelector: group = small, threshold: ${threshold}}}
  - {Identifier: Running, Method: WaitForControlledPodsRunning, Params: {action: start, apiVersion: apps/v1, kind: Deployment, labelSelector: group = small, operationTimeout: 120s}}
- name: creating pods
  phases:
  - namespaceRange: {min: 1, max: 1}
    replicasPerNamespace: 1
    tuningSet: one
    objectBundle: [{basename: small, objectTemplatePath: deployment.yaml}]
- name: waiting for pods
  measurements: [{Identifier: Running, Method: WaitForControlledPodsRunning, Params: {action: gather}}]
- name: gathering measurements
  measurements: [{Identifier: Pods, Method: PodStartupLatency, Params: {action: gather}}]
`;
const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{.Name}}
  labels:
    group: small
spec:
  replicas: 4
  selector:
    matchLabels:
      group: small
  template:
    metadata:
      labels:
        group: small
    spec:
      tolerations:
      - operator: Exists
      containers:
      - name: pause
        image: registry.k8s.io/pause
`;

describeWith(exists ? CONTROL_PLANE : [], `the real clusterloader2${exists ? '' : ` (skipped: ${why})`}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    if (exists) cluster = await sharedCluster();
  });

  async function run(threshold: string, extraArgs = '') {
    const at = new Stage([]);
    mkdirSync(join(at.dir, 'small'));
    writeFileSync(join(at.dir, 'small/config.yaml'), config(threshold));
    writeFileSync(join(at.dir, 'small/deployment.yaml'), deployment);
    const ended = await at.run(
      'noop',
      `--kubeconfig=${cluster.kubeconfig}`,
      '--test=clusterloader2',
      '--',
      `--binary=${program}`,
      '--provider=local',
      '--nodes=3',
      '--test-configs=small/config.yaml',
      `--extra-args=--enable-exec-service=false --port=0 ${extraArgs}`,
    );
    return { at, ...ended };
  }

  test.runIf(exists)('passes, and its latencies are reported and drawn', async () => {
    const { at, exitCode, stderr } = await run('1m');
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/clusterloader2: 1 test, \d+ steps?, 0 failed/);
    expect(messagesIn(stderr)).toMatch(/small: PodStartupLatency_Pods\n.*pod_startup +\S+ +\S+ +\S+ +60\.0s/s);
    expect(readFileSync(join(at.artifacts, 'clusterloader2-latency.svg'), 'utf8')).toContain(
      'objective 60s, met by all',
    );
    const compared = await at.run('perf', 'compare', at.artifacts, at.artifacts);
    expect(compared.exitCode).toBe(0);
    expect(compared.stdout).toContain('No latency grew');
  });

  test.runIf(exists)('fails when its objective is missed, and says by how much', async () => {
    const { exitCode, stderr } = await run('1ns');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /objective of clusterloader2 missed: PodStartupLatency \(Pods\): .*percentile is \S+, allowed at most 1ns/,
    );
  });

  test.runIf(exists)('compiles its configs in a dry run', async () => {
    const { at, exitCode, stderr } = await run('1m', '--dry-run');
    expect(exitCode, stderr).toBe(0);
    expect(existsSync(join(at.artifacts, 'generatedConfig_small.yaml'))).toBe(true);
  });
});
