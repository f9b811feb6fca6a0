import fc from 'fast-check';
import { expect, test } from 'vitest';
import { violationsIn } from '../../src/perf/violations.ts';

const slow = (verb: string, resource: string, scope: string, p99: string, limit: string) =>
  `got: &{Resource:${resource} Subresource: Verb:${verb} Scope:${scope} Latency:perc50: 900ms, perc90: 1.2s, perc99: ${p99} Count:44 SlowCount:3}; expected perc99 <= ${limit}`;

test.each([
  [
    `[measurement call APIResponsivenessPrometheus - APIResponsivenessPrometheusSimple error: top latency metric: there should be no high-latency requests, but: [${slow('LIST', 'pods', 'cluster', '32.5s', '30s')} ${slow('PATCH', 'nodes', 'resource', '1.8s', '1s')}]]`,
    [
      [
        'APIResponsivenessPrometheus (APIResponsivenessPrometheusSimple)',
        'LIST pods (cluster) p99',
        '32.5s',
        'at most 30s',
      ],
      [
        'APIResponsivenessPrometheus (APIResponsivenessPrometheusSimple)',
        'PATCH nodes (resource) p99',
        '1.8s',
        'at most 1s',
      ],
    ],
  ],
  [
    '[measurement call PodStartupLatency - PodStartupLatency error: pod startup: too high latency 99th percentile: got 7.2s expected: 5s]',
    [['PodStartupLatency', 'pod startup 99th percentile', '7.2s', 'at most 5s']],
  ],
  [
    '[measurement call GenericPrometheusQuery - Restores error: Restores: [failures: sample above threshold: want: less or equal than 0, got: 3]]',
    [['GenericPrometheusQuery (Restores)', 'failures', '3', 'at most 0']],
  ],
  [
    '[measurement call GenericPrometheusQuery - Hits error: Hits: [ratio: sample below threshold: want: greater or equal than 0.99, got: 0.5]]',
    [['GenericPrometheusQuery (Hits)', 'ratio', '0.5', 'at least 0.99']],
  ],
  [
    '[measurement call APIAvailability - APIAvailability error: API availability: SLO not fulfilled (expected >= 99.50, got: 98.20)]',
    [['APIAvailability', 'API availability', '98.20', 'at least 99.50']],
  ],
  [
    '[measurement call SchedulingThroughput - SchedulingThroughput error: scheduler throughput: actual throughput 45.200000 lower than threshold 90.000000]',
    [['SchedulingThroughput', 'scheduler throughput throughput', '45.200000', 'at least 90.000000']],
  ],
  [
    '[measurement call SystemPodMetrics - SystemPodMetrics error: restart counts violation: RestartCount(kube-system/dns, dns)=4, want <= 2; RestartCount(a, b)=1, want <= 0]',
    [
      ['SystemPodMetrics', 'restart counts violation kube-system/dns, dns', '4', 'at most 2'],
      ['SystemPodMetrics', 'a, b', '1', 'at most 0'],
    ],
  ],
  [
    '[measurement call PodStartupLatency - A error: pod startup: too high latency 50th percentile: got 6s expected: 5s\nmeasurement call PodStartupLatency - B error: pod startup: too high latency 90th percentile: got 8s expected: 5s]',
    [
      ['PodStartupLatency (A)', 'pod startup 50th percentile', '6s', 'at most 5s'],
      ['PodStartupLatency (B)', 'pod startup 90th percentile', '8s', 'at most 5s'],
    ],
  ],
  ['[namespace test-1 object deployment-0 creation error: timed out waiting for the condition]', []],
])('%j', (message, expected) => {
  const found = violationsIn(message).map(({ metric, subject, measured, allowed }) => [
    metric,
    subject,
    measured,
    allowed,
  ]);
  expect(found).toEqual(expected);
});

test('accepts any text', () => {
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(violationsIn(text))));
});
