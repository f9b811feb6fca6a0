import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../../src/api/duration.ts';
import { messageOf } from '../../src/api/errors.ts';
import { type JunitCase, readJunit } from '../../src/junit/read.ts';
import { type Latency, readSummaries, type Summaries } from '../../src/perf/summaries.ts';
import { headingOf, isMissed, latencyTable } from '../../src/perf/table.ts';
import { type Violation, violationsIn } from '../../src/perf/violations.ts';

/** What clusterloader2 left in its report folder. */
export interface Report extends Summaries {
  /** Its steps, and each test as a whole; undefined when there is no junit.xml of this run that can be read. */
  readonly cases: readonly JunitCase[] | undefined;
  readonly violations: readonly Violation[];
  /** Steps that failed; of a test that failed outside its steps, the test. */
  readonly failed: readonly JunitCase[];
}

/** Reads the report folder. What cannot be read is told in `faults`. @param since when the run began, in milliseconds since 1970 */
export async function readReport(folder: string, since: number): Promise<Report> {
  const file = join(folder, 'junit.xml');
  let cases: readonly JunitCase[] | undefined;
  const faults: string[] = [];
  try {
    const { mtimeMs } = await stat(file);
    if (mtimeMs >= since)
      cases = (await readJunit(await readFile(file, 'utf8'), file)).suites.flatMap((suite) => suite.cases);
    else faults.push(`${file} is from an earlier run`);
  } catch (error) {
    faults.push(`no results: ${messageOf(error)}`);
  }
  const summaries = await readSummaries(folder, since).catch((error: unknown) => ({
    files: [],
    latencies: [],
    faults: [messageOf(error)],
  }));
  const broken = (cases ?? []).filter(({ failure }) => failure !== undefined);
  const steps = broken.filter((each) => !isWhole(each));
  const violations = new Map(broken.flatMap(violationsOf).map((violation) => [JSON.stringify(violation), violation]));
  return {
    ...summaries,
    faults: [...faults, ...summaries.faults],
    cases,
    violations: [...violations.values()],
    failed: steps.length > 0 ? steps : broken,
  };
}

/** Of missed objectives and of failed steps so many are told. */
const LISTED = 20;
/** Of what one measurement found so many are told, and what missed its objective. */
const SLOWEST = 4;

/** The report for a reader, on one screen: totals, violations first, failed steps, the slowest latencies, summaries. */
export function describeReport(report: Report): string {
  const { cases = [], violations, failed, latencies, files, faults } = report;
  const wholes = cases.filter(isWhole);
  const seconds = wholes.reduce((sum, each) => sum + each.seconds, 0);
  const steps = cases.length - wholes.length;
  const lines: string[] = [];
  if (cases.length > 0) {
    lines.push(
      `clusterloader2: ${count(wholes.length, 'test')}, ${count(steps, 'step')}, ${failed.length} failed, ${formatDuration(Math.round(seconds) * 1000)}`,
    );
  }
  if (violations.length > 0) lines.push('objectives missed:', ...listed(violations, describeViolation));
  if (failed.length > 0) lines.push('failed:', ...listed(failed, describeFailure));
  const shown = worthALine(latencies);
  const left = latencies.length - shown.length;
  if (shown.length > 0) lines.push('latencies:', indented(latencyTable(shown)));
  if (left > 0) lines.push(`  and ${left} more`);
  if (files.length > 0) lines.push('summaries:', ...files.map((file) => `  ${file}`));
  lines.push(...faults);
  return lines.join('\n');
}

function listed<T>(all: readonly T[], describe: (each: T) => string): string[] {
  const lines = all.slice(0, LISTED).map((each) => `  ${describe(each)}`);
  return all.length > LISTED ? [...lines, `  and ${all.length - LISTED} more`] : lines;
}

/** Of each measurement what missed its objective and the slowest, slowest first. */
function worthALine(latencies: readonly Latency[]): Latency[] {
  return [...Map.groupBy(latencies, headingOf).values()].flatMap((group) => {
    const missed = group.filter(isMissed).length;
    return group
      .toSorted((a, b) => Number(isMissed(b)) - Number(isMissed(a)) || b.p99 - a.p99)
      .slice(0, Math.max(SLOWEST, Math.min(missed, LISTED)));
  });
}

/** Why the run failed, in one sentence. */
export function failureSentence({ violations, failed, cases }: Report): string {
  const [violation] = violations;
  if (violation !== undefined) {
    return `${count(violations.length, 'objective')} of clusterloader2 missed: ${describeViolation(violation)}${more(violations)}`;
  }
  const [step] = failed;
  if (step !== undefined) {
    return `${count(failed.length, 'step')} of clusterloader2 failed: ${step.name}: ${short(firstReason(step))}${more(failed)}`;
  }
  return cases === undefined
    ? 'clusterloader2 failed without results'
    : 'clusterloader2 failed although none of its steps did';
}

/** Why a step failed. Which objectives it missed is told already. */
function describeFailure(each: JunitCase): string {
  const reasons = reasonsOf(each);
  const others = reasons.filter((line) => violationsIn(line).length === 0);
  const told = others.length < reasons.length ? ['objectives missed', ...others.slice(0, 1)] : [firstReason(each)];
  return `${each.name}: ${told.map(short).join('; ')}`;
}

const violationsOf = ({ failure }: JunitCase): Violation[] =>
  violationsIn([failure?.message, failure?.text].join('\n'));

function describeViolation({ metric, subject, measured, allowed }: Violation): string {
  return `${[metric, subject].filter((each) => each !== '').join(': ')} is ${measured}, allowed ${allowed}`;
}

/** `TEST overall (CONFIG)` tells of a test as a whole what its steps tell already. */
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

const firstReason = (each: JunitCase): string => reasonsOf(each)[0] ?? 'no reason given';

const short = (line: string): string => (line.length > 300 ? `${line.slice(0, 300)}…` : line);

const more = (all: readonly unknown[]): string => (all.length > 1 ? ` (and ${all.length - 1} more)` : '');

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

const indented = (text: string): string => text.replaceAll(/^/gm, '  ');
