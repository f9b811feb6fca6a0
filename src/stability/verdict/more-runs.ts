import type { Evidence, Strata } from '../evidence/evidence.ts';
import { isCounted } from '../evidence/runs.ts';
import type { Gate } from '../gates/gate.ts';
import type { PassRates } from '../gates/pass-rate.ts';
import { canaryDays } from '../gates/runs.ts';
import { DAY, type Settings } from '../question/settings.ts';
import { dropOf } from '../statistics/drop.ts';

/** How many more runs of the canary it takes, as it looks now. */
export interface MoreRuns {
  /** Undefined when more runs will not help at these rates. */
  readonly runs: number | undefined;
  /** When they will have run, in milliseconds since 1970. */
  readonly at: number | undefined;
}

/** No job is watched for so many runs. */
const MOST = 20_000;

export function moreRuns(
  evidence: Evidence,
  strata: Strata,
  rates: PassRates,
  gates: readonly Gate[],
  settings: Settings,
): MoreRuns {
  const isOpen = (name: Gate['name']) => gates.some((gate) => gate.name === name && gate.state === 'open');
  const pace = paceOf(evidence);
  const { minRuns, minDays, now } = settings;
  const needed = [
    1,
    minRuns - rates.sums.canary.runs,
    (minDays - canaryDays(evidence, strata)) * pace,
    ...(isOpen('held') ? [2 * pace] : []),
  ];
  if (isOpen('pass-rate')) {
    const proof = runsForProof(rates, settings);
    if (proof === undefined) return { runs: undefined, at: undefined };
    needed.push(proof);
  }
  const runs = Math.max(...needed);
  return { runs, at: now + Math.ceil(runs / pace) * DAY };
}

/** Counted canary runs on a day on which it runs. */
function paceOf({ canary }: Evidence): number {
  const days = new Set(canary.map(({ day }) => day)).size;
  return Math.max(1, Math.ceil(canary.filter(isCounted).length / Math.max(1, days)));
}

/** The least number of further runs of each job after which the margin would be met, if both failed at their common rate. */
function runsForProof({ sums, drop }: PassRates, { margin, minRuns }: Settings): number | undefined {
  const { original, canary } = sums;
  if (drop !== undefined && canary.runs >= minRuns && drop.estimate >= margin) return undefined;
  const rate = (original.failed + canary.failed + 0.5) / (original.runs + canary.runs + 1);
  for (let more = 1; more <= MOST; more++) {
    const later = (tally: { runs: number; failed: number }) => ({
      runs: tally.runs + more,
      failed: tally.failed + more * rate,
    });
    const reached = dropOf([{ original: later(original), canary: later(canary) }]);
    if (reached !== undefined && reached.high < margin) return more;
  }
  return undefined;
}
