import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareRuns, perfCompare } from '../../src/perf/compare.ts';
import type { Latency } from '../../src/perf/summaries.ts';
import { call, phase, reportFolder, writeSummary } from '../helpers/perf-reports.ts';

async function compare(...words: string[]) {
  let out = '';
  let err = '';
  const code = await perfCompare(words, {
    env: {},
    cwd: '/',
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

function runs() {
  const [before, after] = [reportFolder(), reportFolder()];
  writeSummary(before, 'APIResponsivenessPrometheus_load', [
    call('GET', 'pods', 'resource', 100),
    call('LIST', 'pods', 'cluster', 800),
  ]);
  writeSummary(before, 'PodStartupLatency_Create_load', [phase('pod_startup', 2000), phase('gone', 10)]);
  writeSummary(after, 'PodStartupLatency_Create_load', [phase('pod_startup', 1900), phase('added', 10)]);
  return { before, after };
}

test('what grew by more than the threshold is told, and the exit code is 1', async () => {
  const { before, after } = runs();
  writeSummary(after, 'APIResponsivenessPrometheus_load', [
    call('GET', 'pods', 'resource', 180),
    call('LIST', 'pods', 'cluster', 820),
  ]);
  const { code, out } = await compare(before, after);
  expect(code).toBe(1);
  expect(out).toBe(
    `  what                    p50   then     p90   then     p99   then
load: APIResponsivenessPrometheus
! GET pods (resource)  25.0ms 45.0ms  50.0ms 90.0ms   100ms  180ms
  LIST pods (cluster)   200ms  205ms   400ms  410ms   800ms  820ms
load: PodStartupLatency_Create
  pod_startup           500ms  475ms   1.00s  950ms   2.00s  1.90s
  gone                 2.50ms      -  5.00ms      -  10.0ms      -
  added                     - 2.50ms       - 5.00ms       - 10.0ms

Got worse by more than 10%: 1 (3 compared, 2 in one run only)
  what                  p50   p90   p99
load: APIResponsivenessPrometheus
  GET pods (resource)  +80%  +80%  +80%
`,
  );
});

test('within the threshold nothing got worse, and the exit code is 0', async () => {
  const { before, after } = runs();
  writeSummary(after, 'APIResponsivenessPrometheus_load', [call('GET', 'pods', 'resource', 180)]);
  const { code, out } = await compare(before, after, '--threshold=80%');
  expect(code).toBe(0);
  expect(out).toContain('Nothing got worse by more than 80%');
});

describe('a wrong command line is exit code 2', () => {
  test.each([
    [[], 'takes two runs'],
    [['/a', '/b', '/c'], 'takes two runs'],
    [['/a', '/b', '--threshold=fast'], '--threshold=fast is not a percentage'],
    [['/a', '/b', '--treshold=5%'], 'did you mean --threshold?'],
    [['/nowhere/a', '/nowhere/b'], '/nowhere/a is not a folder'],
  ])('%j', async (words, sentence) => {
    const { code, err } = await compare(...words);
    expect(code).toBe(2);
    expect(err).toContain(sentence);
  });

  test('a folder without summaries is named', async () => {
    const folder = reportFolder();
    const { code, err } = await compare(folder, folder);
    expect(code).toBe(2);
    expect(err).toBe(`${folder} holds no latency summaries of clusterloader2\n`);
  });
});

test('--help explains, exit code 0', async () => {
  const { code, out } = await compare('--help');
  expect(code).toBe(0);
  expect(out).toContain('kubetest2-ts perf compare RUN RUN');
});

describe('comparing', () => {
  const latency: fc.Arbitrary<Latency> = fc
    .record({ subject: fc.string(), p50: fc.nat(5000), p90: fc.nat(5000), p99: fc.nat(5000) })
    .map((each) => ({
      ...each,
      measurement: 'm',
      test: 't',
      labels: { Metric: each.subject, Count: String(each.p50) },
      slo: undefined,
    }));

  test('a run with itself, nothing is worse', () => {
    fc.assert(
      fc.property(fc.array(latency), (run) => {
        expect(compareRuns(run, run, 0, 0).flatMap(({ worse }) => worse)).toEqual([]);
      }),
    );
  });

  test('a run with a slower one, everything is worse that grew beyond the floor', () => {
    fc.assert(
      fc.property(fc.uniqueArray(latency, { selector: ({ subject }) => subject }), (run) => {
        const slower = run.map((each) => ({ ...each, p50: each.p50 * 2, p90: each.p90 * 2, p99: each.p99 * 2 }));
        for (const { before, worse } of compareRuns(run, slower, 0.5, 10)) {
          const grown = (['p50', 'p90', 'p99'] as const).filter((name) => (before?.[name] ?? 0) > 10);
          expect(worse).toEqual(grown);
        }
      }),
    );
  });
});
