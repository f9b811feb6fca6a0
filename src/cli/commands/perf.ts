import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../../api/errors.ts';
import { duration, text } from '../../api/flags.ts';
import { compareRuns, comparisonTable, verdict } from '../../perf/compare.ts';
import { type Latency, readSummaries } from '../../perf/summaries.ts';
import { type CommandWorld, defineCommand } from './command.ts';

const flags = {
  threshold: text('Accepted growth of a percentile, in percent of the first run.', '10%'),
  floor: duration('Growth that is always accepted, regardless of its percentage.', 5),
} as const;

export const perf = defineCommand({
  usage: ['perf compare RUN RUN [flags]'],
  about:
    'Compares the latency percentiles of two clusterloader2 runs. RUN is a directory with its reports: the artifacts of ' +
    'a run, or its --report-dir. Exits 1 if a percentile got worse.',
  examples: ['kubetest2-ts perf compare before/_artifacts after/_artifacts'],
  flags,
  args: [3, 3],
  argChoices: [['compare']],
  run: async ({ flags: { threshold, floor }, args: [verb, first = '', second = ''] }, world) => {
    if (verb !== 'compare') throw new UsageError(`perf: unknown command ${JSON.stringify(verb)}: expected compare`);
    const share = percent(threshold);
    const before = await readRun(first, world);
    const after = await readRun(second, world);
    const compared = compareRuns(before, after, share, floor);
    world.stdout.write(`${comparisonTable(compared)}\n\n${verdict(compared, threshold)}\n`);
    return compared.some(({ worse }) => worse.length > 0) ? 1 : 0;
  },
});

async function readRun(run: string, { cwd, stderr }: CommandWorld): Promise<readonly Latency[]> {
  const directory = resolve(cwd, run);
  await readdir(directory).catch((cause: unknown) => {
    throw new UsageError(`${run} is not a directory: name a run by its artifacts directory, or by its --report-dir`, {
      cause,
    });
  });
  const { latencies, faults } = await readSummaries(directory);
  for (const fault of faults) stderr.write(`${fault}\n`);
  if (latencies.length === 0) throw new UsageError(`${run} has no latency summaries of clusterloader2`);
  return latencies;
}

/** The share of 1 that a percentage is. Throws UsageError. */
function percent(value: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%?$/.exec(value) ?? [];
  if (number === undefined)
    throw new UsageError(`invalid --threshold ${JSON.stringify(value)}: expected a percentage such as 10%`);
  return Number(number) / 100;
}
