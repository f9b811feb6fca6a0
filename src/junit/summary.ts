import { plural } from '../text/plural.ts';
import type { Results, Spec } from './results.ts';

/** The results in numbers. A spec that is in several files counts once, and as failed if it failed in one of them. */
export interface Totals {
  readonly ran: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly flaky: number;
}

export function totalsOf({ specs }: Results): Totals {
  const passed = distinct(specs, 'passed').length;
  const failed = distinct(specs, 'failed').length;
  const flaky = specs.filter((spec) => spec.isSpec && spec.flaky).length;
  return { ran: passed + failed, passed, failed, skipped: distinct(specs, 'skipped').length, flaky };
}

const LISTED = 20;
const SLOWEST = 5;
const FAILURE_LINES = 6;

/**
 * The results for people: totals, failed specs with the first lines of each failure, slowest specs, flakes.
 * `flaky` names specs that passed at a later attempt, which Ginkgo's junit files do not tell.
 */
export function describeResults(results: Results, flaky: readonly string[] = []): string {
  const { ran, passed, failed, skipped } = totalsOf(results);
  const flakes = [...new Set([...flaky, ...results.specs.filter((each) => each.flaky).map(({ name }) => name)])];
  const counts = [`${passed} passed`, `${failed} failed`];
  if (flakes.length > 0) counts.push(`${flakes.length} flaky`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  const lines = [`${plural(ran, 'spec')} ran: ${counts.join(', ')}`];
  const failures = results.specs.filter(({ outcome }) => outcome === 'failed');
  if (failures.length > 0) lines.push('failed:', ...limited(failures, describeFailure));
  if (flakes.length > 0) lines.push('flaky, passed at a later attempt:', ...limited(flakes, (name) => [`  ${name}`]));
  const slowest = results.specs.filter(({ isSpec, seconds }) => isSpec && seconds >= 1);
  if (slowest.length > 0)
    lines.push(
      'slowest:',
      ...slowest
        .toSorted((a, b) => b.seconds - a.seconds)
        .slice(0, SLOWEST)
        .map(describeTime),
    );
  return [...lines, ...results.unreadable].join('\n');
}

/** `2 of 7 specs failed: A; B`, the message for a run in which specs failed; undefined when none did. */
export function failedSentence(results: Results): string | undefined {
  const failed = results.specs.filter(({ outcome }) => outcome === 'failed');
  if (failed.length === 0) return undefined;
  const names = failed.slice(0, 3).map(({ name }) => name);
  const more = failed.length > names.length ? ` and ${failed.length - names.length} more` : '';
  const specs = distinct(results.specs, 'failed').length;
  const { ran } = totalsOf(results);
  const subject = specs > 0 ? `${specs} of ${plural(ran, 'spec')} failed` : 'the suite failed outside of its specs';
  return `${subject}: ${names.join('; ')}${more}`;
}

/** The specs of one outcome, once each; skipped are those that no file has otherwise, passed those that none has as failed. */
function distinct(specs: readonly Spec[], outcome: Spec['outcome']): Spec[] {
  const better: Spec['outcome'][] =
    outcome === 'failed' ? [] : outcome === 'passed' ? ['failed'] : ['failed', 'passed'];
  const taken = new Set(specs.filter((spec) => better.includes(spec.outcome)).map(keyOf));
  const found = new Map<string, Spec>();
  for (const spec of specs)
    if (spec.isSpec && spec.outcome === outcome && !taken.has(keyOf(spec))) found.set(keyOf(spec), spec);
  return [...found.values()];
}

const keyOf = ({ suite, name }: Spec): string => `${suite}\0${name}`;

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

function limited<T>(all: readonly T[], describe: (each: T) => string[]): string[] {
  const shown = all.slice(0, LISTED).flatMap(describe);
  return all.length > LISTED ? [...shown, `  and ${all.length - LISTED} more`] : shown;
}
