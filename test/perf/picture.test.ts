import { XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { latencyPicture } from '../../src/perf/picture.ts';
import type { Latency } from '../../src/perf/summaries.ts';

const latency = (
  subject: string,
  p99: number,
  slo: number | undefined,
  measurement = 'PodStartupLatency',
): Latency => ({
  measurement,
  test: 'load',
  subject,
  labels: {},
  p50: p99 / 4,
  p90: p99 / 2,
  p99,
  slo,
});

/** The texts of a picture, in order. */
const textsOf = (svg: string) => Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text = '']) => text);

test('a picture names the run, its measurements, subjects, objectives and the unit', async () => {
  const svg = await latencyPicture('Latency percentiles of run-1', [
    latency('pod_startup', 7200, 5000),
    latency('create_to_schedule', 30, undefined),
  ]);
  expect(XMLValidator.validate(svg ?? '')).toBe(true);
  expect(textsOf(svg ?? '')).toEqual(
    expect.arrayContaining([
      'Latency percentiles of run-1',
      'p50',
      'p90',
      'p99',
      'PodStartupLatency (load): objective 5s, missed by 1 of 1',
      'PodStartupLatency (load): no objective',
      'pod_startup',
      'create_to_schedule',
      'SLO 5s',
      'latency (logarithmic)',
      '10ms',
      '10s',
    ]),
  );
  expect(svg).toContain('stroke-dasharray');
});

test('draws a latency of zero, and the slowest of many subjects', async () => {
  const many = Array.from({ length: 40 }, (_, at) => latency(`subject-${at}`, at, 1000));
  const text = textsOf((await latencyPicture('Many', many)) ?? '');
  expect(text).toContain('the 25 slowest; 15 faster ones are not shown');
  expect(text).toContain('subject-39');
  expect(text).not.toContain('subject-14');
  const zero = textsOf((await latencyPicture('Zero', [latency('nothing', 0, undefined)])) ?? '');
  expect(zero.filter((text) => /^\d+m?s$/.test(text))).toEqual(['1ms', '10ms']);
  expect(zero).toContain('nothing');
});

test('characters that XML forbids stay text', async () => {
  const svg = await latencyPicture('a < b & "c"', [latency('<script>', 5, 1000)]);
  expect(XMLValidator.validate(svg ?? '')).toBe(true);
  expect(svg).not.toContain('<script>');
});

test('without latencies there is no picture', async () => {
  expect(await latencyPicture('Nothing', [])).toBeUndefined();
});
