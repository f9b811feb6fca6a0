import { plural } from '../text/plural.ts';
import type { Results } from './results.ts';
import type { Spec } from './spec.ts';
import { LISTED } from './spec-tally.ts';

const FAILURE_LINES = 6;

/**
 * The results for people: totals, failed specs with the first lines of each failure, slowest specs, flakes.
 * `flaky` names specs that passed at a later attempt, which Ginkgo's junit files do not tell.
 */
export function describeResults(results: Results, flaky: readonly string[] = []): string {
  const { ran, passed, failed, skipped } = results.totals;
  const flakes = [...new Set([...flaky, ...results.flakes])];
  const counts = [`${passed} passed`, `${failed} failed`];
  if (flakes.length > 0) counts.push(`${flakes.length} flaky`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  const lines = [`${plural(ran, 'spec')} ran: ${counts.join(', ')}`];
  if (results.failures > 0) lines.push('failed:', ...limited(results.firstFailures, describeFailure, results.failures));
  if (flakes.length > 0) lines.push('flaky, passed at a later attempt:', ...limited(flakes, (name) => [`  ${name}`]));
  if (results.slowest.length > 0) lines.push('slowest:', ...results.slowest.map(describeTime));
  return [...lines, ...results.unreadable].join('\n');
}

/** `2 of 7 specs failed: A; B`, the message for a run in which specs failed; undefined when none did. */
export function failedSentence({ totals, failures, firstFailures }: Results): string | undefined {
  if (failures === 0) return undefined;
  const names = firstFailures.slice(0, 3).map(({ name }) => name);
  const more = failures > names.length ? ` and ${failures - names.length} more` : '';
  const { failed, ran } = totals;
  const subject = failed > 0 ? `${failed} of ${plural(ran, 'spec')} failed` : 'the suite failed outside of its specs';
  return `${subject}: ${names.join('; ')}${more}`;
}

function describeFailure({ name, seconds, failure }: Spec): string[] {
  const lines = failure.split('\n').filter((line) => line.trim() !== '');
  const more = lines.length > FAILURE_LINES ? ['…'] : [];
  return [
    `  ${name} (${seconds.toFixed(1)} s)`,
    ...[...lines.slice(0, FAILURE_LINES), ...more].map((line) => `    ${line.trimEnd().slice(0, 300)}`),
  ];
}

function describeTime({ name, seconds }: Spec): string {
  return `  ${seconds.toFixed(1).padStart(6)} s  ${name}`;
}

/** The first of `count` things. */
function limited<T>(first: readonly T[], describe: (each: T) => string[], count: number = first.length): string[] {
  const shown = first.slice(0, LISTED);
  const lines = shown.flatMap(describe);
  return count > shown.length ? [...lines, `  and ${count - shown.length} more`] : lines;
}
