import { describe, expect, test } from 'vitest';
import { messageOf, UsageError } from '../../../src/api/errors.ts';
import { perf } from '../../../src/cli/commands/perf.ts';
import { callCommand } from '../../helpers/commands.ts';
import { call, phase, reportDirectory, writeSummary } from '../../helpers/perf-reports.ts';

async function compare(...args: string[]) {
  return await callCommand('perf', perf, ['compare', ...args]);
}

/** The message of a usage error. */
async function refusal(...args: string[]): Promise<string> {
  const error = await compare(...args).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return messageOf(error);
}

function runs() {
  const [before, after] = [reportDirectory(), reportDirectory()];
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

Latencies that grew by more than 10%: 1 (3 compared, 2 in one run only)
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
  expect(out).toContain('No latency grew by more than 80%');
});

describe('rejects', () => {
  test.each([
    [[], 'missing argument'],
    [['/a', '/b', '/c'], 'unexpected argument "/c"'],
    [['/', '/', '--threshold=fast'], 'invalid --threshold "fast"'],
    [['/a', '/b', '--treshold=5%'], 'did you mean --threshold?'],
    [['/nowhere/a', '/nowhere/b'], '/nowhere/a is not a directory'],
  ])('%j', async (args, sentence) => {
    expect(await refusal(...args)).toContain(sentence);
  });

  test('a directory without summaries', async () => {
    const folder = reportDirectory();
    expect(await refusal(folder, folder)).toBe(`${folder} has no latency summaries of clusterloader2`);
  });
});

test('--help explains, exit code 0', async () => {
  const { code, out } = await compare('--help');
  expect(code).toBe(0);
  expect(out).toContain('kubetest2-ts perf compare RUN RUN');
});
