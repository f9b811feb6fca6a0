import { lasting, moment, percent, rate, shown } from '../../text/figures.ts';
import { plural } from '../../text/plural.ts';
import { completeRuns, isReadable, type Run } from '../evidence/runs.ts';
import type { ComparedTest } from '../gates/tests.ts';
import type { JobSummary } from '../verdict/job-summary.ts';
import { hasFailed, linkOf, newestTwo, type Report, VERDICTS } from '../verdict/report.ts';
import { nextStep } from './next-step.ts';

/** So many names are listed. */
const LISTED = 20;
const STATES = { fail: 'FAIL', open: 'OPEN', pass: 'pass' } as const;

/** The report for people: the verdict, what to do, each gate, and which tests it is about. */
export function textOutput(report: Report): string {
  const { judgement, original, canary, settings, window } = report;
  const { gates, strata, criteria } = judgement;
  const lines = [
    headline(report),
    nextStep(report),
    '',
    jobLine('original', original),
    jobLine('canary', canary),
    `Window: ${moment(window.from)} to ${moment(window.to)}, for ${settings.step}${setAside(strata.setAside.map(({ name }) => name))}`,
    '',
    ...gates.map(({ name, state, text }) => `${STATES[state]}  ${name}: ${text}`),
    ...(criteria === undefined ? [] : ['', ...Object.entries(criteria).map(([name, state]) => `${state}  ${name}`)]),
    ...lostLines(report),
    ...testLines('Fail more often in the canary', judgement.tests.regressed, report),
    ...testLines('Suspects', judgement.tests.suspects, report),
    ...unreadableLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** The first line of text and page. */
export function headline({ judgement, original, canary }: Report): string {
  return `${VERDICTS[judgement.verdict]}: ${shown(original.job)} -> ${shown(canary.job)}`;
}

function jobLine(role: string, { address, runs, passRate, duration, phases }: JobSummary): string {
  const limits =
    passRate && ` (${percent(passRate.value)}, 95 % interval ${percent(passRate.low)} to ${percent(passRate.high)})`;
  const failed = Object.entries(phases).flatMap(([phase, count]) => (count > 0 ? [`${count} in ${phase}`] : []));
  const others = (['retries', 'environment', 'aborted', 'running', 'unreadable'] as const).flatMap((each) =>
    runs[each] > 0 ? [`${runs[each]} ${each}`] : [],
  );
  const parts = [
    `${runs.passed} of ${runs.counted} runs passed${limits ?? ''}`,
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
    ...(others.length > 0 ? [`besides: ${others.join(', ')}`] : []),
    ...(duration ? [`p50 ${lasting(duration.p50)}, p95 ${lasting(duration.p95)}`] : []),
  ];
  return `${role}: ${parts.join('; ')}; ${shown(address)}`;
}

const setAside = (names: readonly string[]): string =>
  names.length === 0 ? '' : `; set aside since both jobs failed: ${names.map(shown).join(', ')}`;

function lostLines({ judgement, evidence }: Report): string[] {
  const { lost, gained } = judgement.sets;
  const newest = completeRuns(evidence.canary).slice(-2).toReversed();
  const gainedLines = gained.length === 0 ? [] : ['', `Gained: ${plural(gained.length, 'test')}`];
  if (lost.length === 0) return gainedLines;
  return [
    '',
    `Lost: ${plural(lost.length, 'test')}, as in ${newest.map(linkOf).map(shown).join(' and ')}`,
    ...limited(lost, ({ name, reason, isAllowed }) => [
      `  ${shown(name)} (${shown(reason)}${isAllowed ? ', allowed by --allow-lost' : ''})`,
    ]),
    ...gainedLines,
  ];
}

function testLines(title: string, tests: readonly ComparedTest[], report: Report): string[] {
  if (tests.length === 0) return [];
  return ['', `${title}: ${plural(tests.length, 'test')}`, ...limited(tests, (test) => testLine(test, report))];
}

function testLine({ name, canary, original, p }: ComparedTest, { evidence, names }: Report): string[] {
  const id = names.idOf(name);
  const links = newestTwo(evidence.canary, (run: Run) => isReadable(run) && hasFailed(run, id)).map(linkOf);
  const rates = `${canary.failed} of ${canary.runs} canary runs, ${original.failed} of ${original.runs} original ones, p ${rate(p)}`;
  return [`  ${shown(name)} (${rates})`, ...links.map((link) => `    ${shown(link)}`)];
}

function unreadableLines({ evidence }: Report): string[] {
  const broken = [...evidence.original, ...evidence.canary].filter(
    ({ isCounted, unreadable }) => isCounted && unreadable,
  );
  if (broken.length === 0) return [];
  const title = `Unreadable junit, which says nothing about tests: ${plural(broken.length, 'build')}`;
  return ['', title, ...limited(broken, ({ unreadable }) => [`  ${shown(unreadable)}`])];
}

function limited<T>(all: readonly T[], describe: (each: T) => string[]): string[] {
  const lines = all.slice(0, LISTED).flatMap(describe);
  return all.length > LISTED ? [...lines, `  and ${all.length - LISTED} more`] : lines;
}
