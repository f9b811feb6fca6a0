import { plural } from '../text/plural.ts';
import { oneLine } from '../text/truncate.ts';
import type { Results } from './results.ts';
import type { Spec } from './spec.ts';
import { LISTED } from './spec-tally.ts';

const FAILURE_LINES = 6;

/**
 * The results for people: totals, failed specs with the first lines of each failure, slowest specs, flakes.
 * `flaky` names specs that passed at a later attempt, which Ginkgo's junit files do not tell.
 */
export function describeResults(results: Results, flaky: readonly string[] = []): string {
  const { ran, passed, failed, interrupted, skipped } = results.totals;
  const flakes = [...new Set([...flaky, ...results.flakes])];
  const counts = [`${passed} passed`, `${failed} failed`];
  if (interrupted > 0) counts.push(`${interrupted} interrupted`);
  if (flakes.length > 0) counts.push(`${flakes.length} flaky`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  const lines = [`${plural(ran, 'spec')} ran: ${counts.join(', ')}`];
  if (results.failures > 0) lines.push('failed:', ...limited(results.firstFailures, describeFailure, results.failures));
  if (interrupted > 0)
    lines.push('interrupted:', ...limited(results.firstInterrupted, (name) => [`  ${name}`], interrupted));
  if (flakes.length > 0) lines.push('flaky, passed at a later attempt:', ...limited(flakes, (name) => [`  ${name}`]));
  if (results.slowest.length > 0) lines.push('slowest:', ...results.slowest.map(describeTime));
  return [...lines, ...results.unreadable].join('\n');
}

/**
 * `2 of 7 specs failed: A; B`, the message for a run in which specs failed; specs come before suite nodes, and specs that
 * were interrupted are only counted. Undefined when nothing failed.
 */
export function failedSentence({ totals, failures, firstFailures }: Results): string | undefined {
  if (failures === 0) return undefined;
  const { failed, ran, interrupted } = totals;
  if (failed === 0) return `the suite failed outside of its specs: ${suiteFailure(firstFailures)}`;
  const names = [...new Set(firstFailures.filter(({ isSpec }) => isSpec).map(({ name }) => name))].slice(0, 3);
  const more = failed > names.length ? ` and ${failed - names.length} more` : '';
  const cutOff = interrupted > 0 ? `; ${plural(interrupted, 'spec')} interrupted` : '';
  return `${failed} of ${plural(ran, 'spec')} failed: ${names.join('; ')}${more}${cutOff}`;
}

/** `2 of 7 specs were interrupted: A; B`; undefined when none was. */
export function interruptedSentence({ totals, firstInterrupted }: Results): string | undefined {
  const { ran, interrupted } = totals;
  if (interrupted === 0) return undefined;
  const names = firstInterrupted.slice(0, 3);
  const more = interrupted > names.length ? ` and ${interrupted - names.length} more` : '';
  return `${interrupted} of ${plural(ran, 'spec')} interrupted: ${names.join('; ')}${more}`;
}

/** The failed nodes, once each, and the reason of the first; that of other parallel processes is only that it failed. */
function suiteFailure(nodes: readonly Spec[]): string {
  const names = [...new Set(nodes.map(({ name }) => name))].slice(0, 3).join('; ');
  const [first = ''] = nodes.map(reasonOf).filter((reason) => reason !== '' && !ELSEWHERE.test(reason));
  return first === '' ? names : `${names}: ${oneLine(first, 300)}`;
}

const ELSEWHERE = /failed on Ginkgo parallel process #\d+/;

/** The first line of a failure, without Ginkgo's label. */
function reasonOf({ failure }: Spec): string {
  const line = failure.split('\n').find((each) => each.trim() !== '') ?? '';
  return line.replace(/^\s*\[(?:FAILED|PANICKED|TIMEDOUT)\]\s*/, '').trim();
}

function describeFailure({ name, seconds, failure }: Spec): string[] {
  const lines = failure.split('\n').filter((line) => line.trim() !== '');
  const shown = lines.slice(0, FAILURE_LINES);
  if (lines.length > FAILURE_LINES) shown.push('…', ...lines.slice(FAILURE_LINES).filter(isPlace).slice(0, 1));
  return [`  ${name} (${seconds.toFixed(1)} s)`, ...shown.map((line) => `    ${line.trimEnd().slice(0, 300)}`)];
}

/** `In [It] at: FILE:LINE`, where Ginkgo says that a spec failed. */
const isPlace = (line: string): boolean => /^\s*In \[.*\] at: \S+:\d+/.test(line);

function describeTime({ name, seconds }: Spec): string {
  return `  ${seconds.toFixed(1).padStart(6)} s  ${name}`;
}

/** The first of `count` things. */
function limited<T>(first: readonly T[], describe: (each: T) => string[], count: number = first.length): string[] {
  const shown = first.slice(0, LISTED);
  const lines = shown.flatMap(describe);
  return count > shown.length ? [...lines, `  and ${count - shown.length} more`] : lines;
}
