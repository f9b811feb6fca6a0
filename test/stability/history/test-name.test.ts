import { expect, test } from 'vitest';
import { isSuiteNode, testName } from '../../../src/stability/history/test-name.ts';

test.each([
  ['[sig-node] Pods should run', '[sig-node] Pods should run'],
  ['[It] [sig-node] Pods should run', '[sig-node] Pods should run'],
  ['Kubernetes e2e suite.[It] [sig-node] Pods', '[sig-node] Pods'],
  ['Kubernetes e2e suite [k8s.io] [sig-node] Pods', '[sig-node] Pods'],
  ['[sig-node] Pods {Kubernetes e2e suite}', '[sig-node] Pods'],
  ['[It]  [sig-node]   Pods \t run ', '[sig-node] Pods run'],
  ['[sig-node] Pods [Conformance] [sig-node, Conformance]', '[sig-node] Pods [Conformance]'],
  ['[sig-node] Pods [Conformance]', '[sig-node] Pods [Conformance]'],
  ['[sig-node] Pods [sig-node, Conformance]', '[sig-node] Pods [sig-node, Conformance]'],
  ['load overall (testing/load/config.yaml)', 'load overall (config.yaml)'],
  ['load overall (/go/src/k8s.io/perf-tests/clusterloader2/testing/load/config.yaml)', 'load overall (config.yaml)'],
  ['a (b) c', 'a (b) c'],
  ['', ''],
])('%j is known as %j', (written, name) => {
  expect(testName(written)).toBe(name);
});

test.each([
  ['[BeforeSuite]', true],
  ['[SynchronizedAfterSuite]', true],
  ['[ReportAfterSuite] Kubernetes e2e suite report', true],
  ['[DeferCleanup (Suite)]', true],
  ['AfterSuite', true],
  ['[sig-node] BeforeSuite of pods', false],
])('%j belongs to the suite as a whole: %s', (name, expected) => {
  expect(isSuiteNode(name)).toBe(expected);
});
