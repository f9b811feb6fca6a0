import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSummaries } from '../../src/perf/summaries.ts';
import { call, measurement, phase, reportDirectory, writeConfig, writeSummary } from '../helpers/perf-reports.ts';

test('reads a summary with its test, its subjects and its percentiles in milliseconds', async () => {
  const directory = reportDirectory();
  writeConfig(directory, '');
  writeSummary(directory, 'APIResponsivenessPrometheus_simple_load', [call('LIST', 'pods', 'cluster', 400)]);
  writeSummary(directory, 'DNSLookupLatency_load', [
    { data: { Perc50: 0.1, Perc90: 0.2, Perc99: 0.3 }, unit: 's', labels: { zone: 'a' } },
  ]);
  const { latencies, files, faults } = await readSummaries(directory);
  expect(faults).toEqual([]);
  expect(files).toEqual([
    'APIResponsivenessPrometheus_simple_load_2026-08-01T10:00:00Z.json',
    'DNSLookupLatency_load_2026-08-01T10:00:00Z.json',
  ]);
  expect(latencies).toMatchObject([
    {
      measurement: 'APIResponsivenessPrometheus_simple',
      test: 'load',
      subject: 'LIST pods (cluster)',
      p50: 100,
      p99: 400,
    },
    { measurement: 'DNSLookupLatency', test: 'load', subject: 'zone=a', p50: 100, p90: 200, p99: 300 },
  ]);
});

test('uses the latest summary of a measurement, and ignores those older than the run', async () => {
  const directory = reportDirectory();
  writeSummary(directory, 'NetworkProgrammingLatency_load', [phase('x', 10)], '2026-08-01T10:00:00Z');
  writeSummary(directory, 'NetworkProgrammingLatency_load', [phase('x', 20)], '2026-08-01T11:30:00+01:00');
  writeSummary(directory, 'PodStartupLatency_load', [phase('pod_startup', 30)]);
  utimesSync(join(directory, 'PodStartupLatency_load_2026-08-01T10:00:00Z.json'), 1000, 1000);
  expect((await readSummaries(directory, 2_000_000)).latencies).toMatchObject([{ p99: 20 }]);
});

test('lists summaries without latencies, ignores other JSON and reports invalid JSON', async () => {
  const directory = reportDirectory();
  writeSummary(directory, 'SchedulingThroughput_load', [{ data: { Perc50: 4, Perc90: 5, Perc99: 6 }, unit: '1/s' }]);
  writeFileSync(join(directory, 'OOMs_load_2026-08-01T10:00:00Z.json'), '{"failures":[]}');
  writeFileSync(join(directory, 'Cut_load_2026-08-01T10:00:00Z.json'), '{"version":"v1","dataIt');
  writeFileSync(join(directory, 'cl2-metadata.json'), '{}');
  const { files, latencies, faults } = await readSummaries(directory);
  expect(files).toEqual(['SchedulingThroughput_load_2026-08-01T10:00:00Z.json']);
  expect(latencies).toEqual([]);
  expect(faults.join()).toContain('invalid summary Cut_load_2026-08-01T10:00:00Z.json');
});

test('an error names a missing directory', async () => {
  await expect(readSummaries('/nowhere/reports')).rejects.toThrow('cannot read the reports in /nowhere/reports');
});

describe('the objective', () => {
  const slos = async (directory: string) =>
    Object.fromEntries((await readSummaries(directory)).latencies.map(({ subject, slo }) => [subject, slo]));

  test('is missing where a measurement observed nothing', async () => {
    const directory = reportDirectory();
    writeSummary(directory, 'StatefulPodStartupLatency_PodStartupLatency_load', [
      phase('pod_startup', 0),
      phase('run_to_watch', 0),
    ]);
    const { files, latencies } = await readSummaries(directory);
    expect(files).toHaveLength(1);
    expect(latencies).toEqual([]);
  });

  test("is Kubernetes' own one by default", async () => {
    const directory = reportDirectory();
    writeSummary(directory, 'APIResponsivenessPrometheus_load', [
      call('GET', 'pods', 'resource', 1),
      call('LIST', 'pods', 'namespace', 1),
      call('LIST', 'pods', 'cluster', 1),
    ]);
    writeSummary(directory, 'PodStartupLatency_PodStartupLatency_load', [
      phase('pod_startup', 1),
      phase('run_to_watch', 1),
    ]);
    writeSummary(directory, 'NetworkProgrammingLatency_load', [phase('network', 1)]);
    expect(await slos(directory)).toEqual({
      'GET pods (resource)': 1000,
      'LIST pods (namespace)': 30_000,
      'LIST pods (cluster)': 30_000,
      pod_startup: 5000,
      run_to_watch: undefined,
      network: undefined,
    });
  });

  test('is that of the configuration that ran', async () => {
    const directory = reportDirectory();
    writeConfig(
      directory,
      measurement('PodStartupLatency', 'Create', { threshold: '1h' }) +
        measurement('PodStartupLatency', 'HighDensity', { threshold: '8s', perc99Threshold: '7s' }) +
        measurement('APIResponsivenessPrometheus', 'Simple', {
          summaryName: 'APIResponsivenessPrometheus_simple',
          singleResourceThreshold: '2s',
        }) +
        measurement('NetworkProgrammingLatency', 'NetworkProgrammingLatency', { threshold: '30s' }) +
        measurement('InClusterNetworkLatency', 'InClusterNetworkLatency', { threshold: '0s' }),
    );
    writeSummary(directory, 'PodStartupLatency_Create_load', [phase('pod_startup', 1)]);
    writeSummary(directory, 'StatelessPodStartupLatency_HighDensity_load', [{ ...phase('pod_startup', 1) }]);
    writeSummary(directory, 'APIResponsivenessPrometheus_simple_load', [call('GET', 'nodes', 'resource', 1)]);
    writeSummary(directory, 'NetworkProgrammingLatency_load', [phase('network', 1)]);
    writeSummary(directory, 'InClusterNetworkLatency_load', [phase('ping', 1)]);
    const { latencies } = await readSummaries(directory);
    expect(latencies.map(({ measurement, slo }) => [measurement, slo])).toEqual([
      ['APIResponsivenessPrometheus_simple', 2000],
      ['InClusterNetworkLatency', undefined],
      ['NetworkProgrammingLatency', 30_000],
      ['PodStartupLatency_Create', 3_600_000],
      ['StatelessPodStartupLatency_HighDensity', 7000],
    ]);
  });

  test('of a single call is that in customThresholds', async () => {
    const directory = reportDirectory();
    const custom =
      '"- verb: LIST\\n  resource: pods\\n  scope: cluster\\n  threshold: 45s\\n- verb: GET\\n  resource: x"';
    writeConfig(directory, measurement('APIResponsivenessPrometheus', 'Calls', { customThresholds: custom }));
    writeSummary(directory, 'APIResponsivenessPrometheus_load', [
      call('LIST', 'pods', 'cluster', 1),
      call('LIST', 'pods', 'namespace', 1),
      call('GET', 'x', 'resource', 1),
    ]);
    expect(await slos(directory)).toEqual({
      'LIST pods (cluster)': 45_000,
      'LIST pods (namespace)': 30_000,
      'GET x (resource)': 1000,
    });
  });

  test('is the default when the configuration is unreadable', async () => {
    const directory = reportDirectory();
    writeFileSync(join(directory, 'generatedConfig_load.yaml'), 'steps: [');
    writeSummary(directory, 'PodStartupLatency_Create_load', [phase('pod_startup', 1)]);
    expect(await slos(directory)).toEqual({ pod_startup: 5000 });
  });
});
