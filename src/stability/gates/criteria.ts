import { durationOf, type Run } from '../evidence/runs.ts';
import { DAY } from '../question/settings.ts';
import { ascending, quantile } from '../statistics/quantile.ts';
import { gapsOf } from './fresh.ts';
import type { Gate } from './gate.ts';

export const CRITERIA = ['duration', 'frequency', 'pass-rate', 'failures-in-a-row', 'same-commit', 'owner'] as const;
export type CriterionName = (typeof CRITERIA)[number];
export type CriterionState = 'met' | 'not-met' | 'unknown';

/** The release-blocking criteria of SIG Release, as far as results tell. */
export type Criteria = Readonly<Record<CriterionName, CriterionState>>;

const WEEK = 7 * DAY;
const MINUTE = 60_000;
const LONGEST = 120 * MINUTE;
const LONGEST_GAP = 198 * MINUTE;
const MOST_FAILURES_IN_A_ROW = 10;
const LEAST_GAPS = 10;
const PASSES_IN_A_ROW = 3;

/** @param owned whether the newest run has an alert address; undefined when no record says */
export function judgeCriteria(runs: readonly Run[], now: number, owned: boolean | undefined): Criteria {
  const ended = runs.filter(({ state }) => state !== 'aborted' && state !== 'running');
  const weeks = [0, 1, 2, 3].map((back) => ended.filter(({ started }) => isWithin(started, now - back * WEEK)));
  return {
    duration: durationOfWeeks(weeks),
    frequency: frequencyOf(ended),
    'pass-rate': passRateOf(weeks[0] ?? []),
    'failures-in-a-row': failuresInARow(ended),
    'same-commit': sameCommit(ended),
    owner: owned === undefined ? 'unknown' : met(owned),
  };
}

/** Whether no criterion is broken. */
export function criteriaGate(criteria: Criteria): Gate {
  const named = (state: CriterionState) => CRITERIA.filter((name) => criteria[name] === state);
  const [broken, unknown] = [named('not-met'), named('unknown')];
  const also = unknown.length === 0 ? '' : ` (unknown: ${unknown.join(', ')})`;
  if (broken.length > 0) {
    return {
      name: 'criteria',
      state: 'fail',
      text: `criteria of release-blocking jobs not met: ${broken.join(', ')}${also}`,
    };
  }
  return { name: 'criteria', state: 'pass', text: `no criterion of release-blocking jobs is broken${also}` };
}

const met = (holds: boolean): CriterionState => (holds ? 'met' : 'not-met');
const isWithin = (started: number, end: number): boolean => started > end - WEEK && started <= end;

function durationOfWeeks(weeks: readonly (readonly Run[])[]): CriterionState {
  const usual = weeks
    .map((runs) => quantile(ascending(runs.map(durationOf).filter((each) => each !== undefined)), 0.75))
    .filter((each) => each !== undefined);
  if (usual.length === 0) return 'unknown';
  return met(usual.reduce((sum, each) => sum + each, 0) / usual.length <= LONGEST);
}

function frequencyOf(runs: readonly Run[]): CriterionState {
  const gaps = gapsOf(runs);
  const usual = quantile(ascending(gaps), 0.9);
  return gaps.length < LEAST_GAPS || usual === undefined ? 'unknown' : met(usual <= LONGEST_GAP);
}

function passRateOf(week: readonly Run[]): CriterionState {
  if (week.length === 0) return 'unknown';
  return met(week.filter(({ state }) => state === 'passed').length >= 0.75 * week.length);
}

function failuresInARow(runs: readonly Run[]): CriterionState {
  if (runs.length === 0) return 'unknown';
  return met(longest(runs, ({ state }) => state !== 'passed') <= MOST_FAILURES_IN_A_ROW);
}

function sameCommit(runs: readonly Run[]): CriterionState {
  const groups = [...Map.groupBy(runs, ({ commit, change }) => change || commit)];
  const known = groups.filter(([commit, tries]) => commit !== '' && tries.length >= PASSES_IN_A_ROW);
  if (known.length === 0) return 'unknown';
  return met(known.some(([, tries]) => longest(tries, ({ state }) => state === 'passed') >= PASSES_IN_A_ROW));
}

/** The length of the longest stretch. */
function longest(runs: readonly Run[], has: (run: Run) => boolean): number {
  let most = 0;
  let length = 0;
  for (const run of runs) {
    length = has(run) ? length + 1 : 0;
    most = Math.max(most, length);
  }
  return most;
}
