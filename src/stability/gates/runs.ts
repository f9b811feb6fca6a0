import type { Evidence, Strata } from '../evidence/evidence.ts';
import { isCounted } from '../evidence/runs.ts';
import type { Settings } from '../question/settings.ts';
import { sumsOf } from '../statistics/strata.ts';
import type { Gate } from './gate.ts';

/** The UTC days on which the canary has runs that are compared. */
export function canaryDays({ canary }: Evidence, { kept }: Strata): number {
  const names = new Set(kept.map(({ name }) => name));
  return new Set(canary.filter((run) => isCounted(run) && names.has(run.stratum)).map(({ day }) => day)).size;
}

/** Whether there are enough runs, on enough days. */
export function runsGate(evidence: Evidence, strata: Strata, { minRuns, minDays }: Settings): Gate {
  const { original, canary } = sumsOf(strata.kept);
  const days = canaryDays(evidence, strata);
  const isEnough = original.runs >= minRuns && canary.runs >= minRuns && days >= minDays;
  const text = `${canary.runs} canary and ${original.runs} original runs can be compared, on ${days} days (at least ${minRuns} of each, on ${minDays} days)`;
  return { name: 'runs', state: isEnough ? 'pass' : 'open', text };
}
