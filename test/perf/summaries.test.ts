import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSummaries } from '../../src/perf/summaries.ts';
import { call, measurement, phase, reportFolder, writeConfig, writeSummary } from '../helpers/perf-reports.ts';

test('a summary is read with its test, its subjects and its percentiles in milliseconds', async () => {
  const folder = reportFolder();
  writeConfig(folder, '');
  writeSummary(folder, 'APIResponsivenessPrometheus_simple_load', [call('LIST', 'pods', 'cluster', 400)]);
  writeSummary(folder, 'DNSLookupLatency_load', [
    { data: { Perc50: 0.1, Perc90: 0.2, Perc99: 0.3 }, unit: 's', labels: { zone: 'a' } },
  ]);
  const { latencies, files, faults } = await readSummaries(folder);
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

test('of two summaries of a measurement the latest counts, and what is older than the run does not', async () => {
  const folder = reportFolder();
  writeSummary(folder, 'NetworkProgrammingLatency_load', [phase('x', 10)], '2026-08-01T10:00:00Z');
  writeSummary(folder, 'NetworkProgrammingLatency_load', [phase('x', 20)], '2026-08-01T11:30:00+01:00');
  writeSummary(folder, 'PodStartupLatency_load', [phase('pod_startup', 30)]);
  utimesSync(join(folder, 'PodStartupLatency_load_2026-08-01T10:00:00Z.json'), 1000, 1000);
  expect((await readSummaries(folder, 2_000_000)).latencies).toMatchObject([{ p99: 20 }]);
});

test('summaries without latencies are listed, other JSON is not, broken JSON is told', async () => {
  const folder = reportFolder();
  writeSummary(folder, 'SchedulingThroughput_load', [{ data: { Perc50: 4, Perc90: 5, Perc99: 6 }, unit: '1/s' }]);
  writeFileSync(join(folder, 'OOMs_load_2026-08-01T10:00:00Z.json'), '{"failures":[]}');
  writeFileSync(join(folder, 'Cut_load_2026-08-01T10:00:00Z.json'), '{"version":"v1","dataIt');
  writeFileSync(join(folder, 'cl2-metadata.json'), '{}');
  const { files, latencies, faults } = await readSummaries(folder);
  expect(files).toEqual(['SchedulingThroughput_load_2026-08-01T10:00:00Z.json']);
  expect(latencies).toEqual([]);
  expect(faults.join()).toContain('Cut_load_2026-08-01T10:00:00Z.json is not a summary');
});

test('a folder that is not there is an error that names it', async () => {
  await expect(readSummaries('/nowhere/reports')).rejects.toThrow('cannot read the reports in /nowhere/reports');
});

describe('what is allowed', () => {
  const slos = async (folder: string) =>
    Object.fromEntries((await readSummaries(folder)).latencies.map(({ subject, slo }) => [subject, slo]));

  test('has nothing to be about where a measurement saw nothing', async () => {
    const folder = reportFolder();
    writeSummary(folder, 'StatefulPodStartupLatency_PodStartupLatency_load', [
      phase('pod_startup', 0),
      phase('run_to_watch', 0),
    ]);
    const { files, latencies } = await readSummaries(folder);
    expect(files).toHaveLength(1);
    expect(latencies).toEqual([]);
  });

  test("is Kubernetes' own objective where the configuration says nothing", async () => {
    const folder = reportFolder();
    writeSummary(folder, 'APIResponsivenessPrometheus_load', [
      call('GET', 'pods', 'resource', 1),
      call('LIST', 'pods', 'namespace', 1),
      call('LIST', 'pods', 'cluster', 1),
    ]);
    writeSummary(folder, 'PodStartupLatency_PodStartupLatency_load', [
      phase('pod_startup', 1),
      phase('run_to_watch', 1),
    ]);
    writeSummary(folder, 'NetworkProgrammingLatency_load', [phase('network', 1)]);
    expect(await slos(folder)).toEqual({
      'GET pods (resource)': 1000,
      'LIST pods (namespace)': 30_000,
      'LIST pods (cluster)': 30_000,
      pod_startup: 5000,
      run_to_watch: undefined,
      network: undefined,
    });
  });

  test('is what the configuration that ran says', async () => {
    const folder = reportFolder();
    writeConfig(
      folder,
      measurement('PodStartupLatency', 'Create', { threshold: '1h' }) +
        measurement('PodStartupLatency', 'HighDensity', { threshold: '8s', perc99Threshold: '7s' }) +
        measurement('APIResponsivenessPrometheus', 'Simple', {
          summaryName: 'APIResponsivenessPrometheus_simple',
          singleResourceThreshold: '2s',
        }) +
        measurement('NetworkProgrammingLatency', 'NetworkProgrammingLatency', { threshold: '30s' }) +
        measurement('InClusterNetworkLatency', 'InClusterNetworkLatency', { threshold: '0s' }),
    );
    writeSummary(folder, 'PodStartupLatency_Create_load', [phase('pod_startup', 1)]);
    writeSummary(folder, 'StatelessPodStartupLatency_HighDensity_load', [{ ...phase('pod_startup', 1) }]);
    writeSummary(folder, 'APIResponsivenessPrometheus_simple_load', [call('GET', 'nodes', 'resource', 1)]);
    writeSummary(folder, 'NetworkProgrammingLatency_load', [phase('network', 1)]);
    writeSummary(folder, 'InClusterNetworkLatency_load', [phase('ping', 1)]);
    const { latencies } = await readSummaries(folder);
    expect(latencies.map(({ measurement, slo }) => [measurement, slo])).toEqual([
      ['APIResponsivenessPrometheus_simple', 2000],
      ['InClusterNetworkLatency', undefined],
      ['NetworkProgrammingLatency', 30_000],
      ['PodStartupLatency_Create', 3_600_000],
      ['StatelessPodStartupLatency_HighDensity', 7000],
    ]);
  });

  test('of a single call is what the measurement says about it', async () => {
    const folder = reportFolder();
    const custom =
      '"- verb: LIST\\n  resource: pods\\n  scope: cluster\\n  threshold: 45s\\n- verb: GET\\n  resource: x"';
    writeConfig(folder, measurement('APIResponsivenessPrometheus', 'Calls', { customThresholds: custom }));
    writeSummary(folder, 'APIResponsivenessPrometheus_load', [
      call('LIST', 'pods', 'cluster', 1),
      call('LIST', 'pods', 'namespace', 1),
      call('GET', 'x', 'resource', 1),
    ]);
    expect(await slos(folder)).toEqual({
      'LIST pods (cluster)': 45_000,
      'LIST pods (namespace)': 30_000,
      'GET x (resource)': 1000,
    });
  });

  test('a configuration that cannot be read changes nothing', async () => {
    const folder = reportFolder();
    writeFileSync(join(folder, 'generatedConfig_load.yaml'), 'steps: [');
    writeSummary(folder, 'PodStartupLatency_Create_load', [phase('pod_startup', 1)]);
    expect(await slos(folder)).toEqual({ pod_startup: 5000 });
  });
});
