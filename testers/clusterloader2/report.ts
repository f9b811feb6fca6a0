import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../../src/api/duration.ts';
import { messageOf } from '../../src/api/errors.ts';
import { readJunitFile } from '../../src/junit/read.ts';
import type { JunitCase } from '../../src/junit/suite.ts';
import { type Latency, readSummaries, type Summaries } from '../../src/perf/summaries.ts';
import { headingOf, isMissed, latencyTable } from '../../src/perf/table.ts';
import { type Violation, violationsIn } from '../../src/perf/violations.ts';
import { plural } from '../../src/text/plural.ts';
import { oneLine } from '../../src/text/truncate.ts';

/** The content of clusterloader2's report directory. */
export interface Report extends Summaries {
  /** Its steps, and each test as a whole; undefined without a readable junit.xml of this run. */
  readonly cases: readonly JunitCase[] | undefined;
  readonly violations: readonly Violation[];
  /** Steps that failed; of a test that failed outside its steps, the test. */
  readonly failed: readonly JunitCase[];
}

/** Reads the report directory; `faults` lists what cannot be read. @param since the start of the run, in milliseconds since 1970 */
export async function readReport(directory: string, since: number, signal: AbortSignal): Promise<Report> {
  const file = join(directory, 'junit.xml');
  let cases: readonly JunitCase[] | undefined;
  const faults: string[] = [];
  try {
    const { mtimeMs } = await stat(file);
    if (mtimeMs >= since) cases = (await readJunitFile(file, { signal })).suites.flatMap((suite) => suite.cases);
    else faults.push(`${file} is from an earlier run`);
  } catch (error) {
    faults.push(`no results: ${messageOf(error)}`);
  }
  const summaries = await readSummaries(directory, since).catch((error: unknown) => ({
    files: [],
    latencies: [],
    faults: [messageOf(error)],
  }));
  const failures = (cases ?? []).filter(({ failure }) => failure !== undefined);
  const steps = failures.filter((each) => !isWhole(each));
  const violations = new Map(failures.flatMap(violationsOf).map((violation) => [JSON.stringify(violation), violation]));
  return {
    ...summaries,
    faults: [...faults, ...summaries.faults],
    cases,
    violations: [...violations.values()],
    failed: steps.length > 0 ? steps : failures,
  };
}

/** How many missed objectives and failed steps are listed. */
const MAX_LISTED = 20;
/** How many latencies of a measurement are listed, besides those that missed their objective. */
const SLOWEST = 4;

/** The report in words, on one screen: totals, missed objectives, failed steps, the slowest latencies, summaries. */
export function describeReport(report: Report): string {
  const { cases = [], violations, failed, latencies, files, faults } = report;
  const wholes = cases.filter(isWhole);
  const seconds = wholes.reduce((sum, each) => sum + each.seconds, 0);
  const steps = cases.length - wholes.length;
  const lines: string[] = [];
  if (cases.length > 0) {
    lines.push(
      `clusterloader2: ${plural(wholes.length, 'test')}, ${plural(steps, 'step')}, ${failed.length} failed, ${formatDuration(Math.round(seconds) * 1000)}`,
    );
  }
  if (violations.length > 0) lines.push('objectives missed:', ...listed(violations, describeViolation));
  if (failed.length > 0) lines.push('failed:', ...listed(failed, describeFailure));
  const shown = selected(latencies);
  const left = latencies.length - shown.length;
  if (shown.length > 0) lines.push('latencies:', indented(latencyTable(shown)));
  if (left > 0) lines.push(`  and ${left} more`);
  if (files.length > 0) lines.push('summaries:', ...files.map((file) => `  ${file}`));
  lines.push(...faults);
  return lines.join('\n');
}

function listed<T>(all: readonly T[], describe: (each: T) => string): string[] {
  const lines = all.slice(0, MAX_LISTED).map((each) => `  ${describe(each)}`);
  return all.length > MAX_LISTED ? [...lines, `  and ${all.length - MAX_LISTED} more`] : lines;
}

/** The latencies of each measurement that missed their objective, and the slowest, slowest first. */
function selected(latencies: readonly Latency[]): Latency[] {
  return [...Map.groupBy(latencies, headingOf).values()].flatMap((group) => {
    const missed = group.filter(isMissed).length;
    return group
      .toSorted((a, b) => Number(isMissed(b)) - Number(isMissed(a)) || b.p99 - a.p99)
      .slice(0, Math.max(SLOWEST, Math.min(missed, MAX_LISTED)));
  });
}

/** Why the run failed, in one sentence. */
export function failureSentence({ violations, failed, cases }: Report): string {
  const [violation] = violations;
  if (violation !== undefined) {
    return `${plural(violations.length, 'objective')} of clusterloader2 missed: ${describeViolation(violation)}${more(violations)}`;
  }
  const [step] = failed;
  if (step !== undefined) {
    return `${plural(failed.length, 'step')} of clusterloader2 failed: ${step.name}: ${short(firstReason(step))}${more(failed)}`;
  }
  return cases === undefined
    ? 'clusterloader2 failed without results'
    : 'clusterloader2 failed, but none of its steps did';
}

/** Why a step failed, without the missed objectives, which are listed above. */
function describeFailure(each: JunitCase): string {
  const reasons = reasonsOf(each);
  const others = reasons.filter((line) => violationsIn(line).length === 0);
  const shown = others.length < reasons.length ? ['objectives missed', ...others.slice(0, 1)] : [firstReason(each)];
  return `${each.name}: ${shown.map(short).join('; ')}`;
}

const violationsOf = ({ failure }: JunitCase): Violation[] =>
  violationsIn([failure?.message, failure?.text].join('\n'));

function describeViolation({ metric, subject, measured, allowed }: Violation): string {
  return `${[metric, subject].filter((each) => each !== '').join(': ')} is ${measured}, allowed ${allowed}`;
}

/** `TEST overall (CONFIG)` repeats for a test as a whole what its steps report. */
function isWhole({ name }: JunitCase): boolean {
  return / overall \(.*\)$/.test(name);
}

/** The lines of a failure without the empty code locations that clusterloader2's junit writer puts around them. */
function reasonsOf({ failure }: JunitCase): string[] {
  return [failure?.message, failure?.text]
    .flatMap((text) => (text ?? '').split('\n'))
    .map((line) => line.trim().replace(/^\[/, '').replace(/\]$/, ''))
    .filter((line) => line !== '' && line !== ':0');
}

const firstReason = (each: JunitCase): string => reasonsOf(each)[0] ?? 'unknown reason';

const short = (line: string): string => oneLine(line, 300);

const more = (all: readonly unknown[]): string => (all.length > 1 ? ` (and ${all.length - 1} more)` : '');

const indented = (text: string): string => text.replaceAll(/^/gm, '  ');
