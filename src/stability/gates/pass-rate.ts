import { points, rate } from '../../text/figures.ts';
import type { Strata } from '../evidence/evidence.ts';
import type { Settings } from '../question/settings.ts';
import { dropOf, type Estimate } from '../statistics/drop.ts';
import { exactTest, type Sums, sumsOf } from '../statistics/strata.ts';
import type { Gate, GateState } from './gate.ts';

/** How the pass rates compare. */
export interface PassRates {
  /** Over the strata that are compared. */
  readonly sums: Sums;
  /** By what share of its runs the canary fails more often; undefined when nothing can be compared. */
  readonly drop: Estimate | undefined;
  /** The chance of as many failures of the canary, or more, if it were as good as the original. */
  readonly p: number;
}

export function comparePassRates({ kept }: Strata): PassRates {
  return { sums: sumsOf(kept), drop: dropOf(kept), p: exactTest(kept) };
}

/** Whether the canary passes as often as the original, but for the margin. */
export function passRateGate(rates: PassRates, settings: Pick<Settings, 'margin'>): Gate {
  return { name: 'pass-rate', state: stateOf(rates, settings), text: sentence(rates, settings) };
}

function stateOf({ drop, p, sums }: PassRates, { margin }: Pick<Settings, 'margin'>): GateState {
  if (drop === undefined) return 'open';
  if (drop.high < margin) return 'pass';
  return p <= 0.01 && drop.estimate > margin && sums.canary.failed >= 3 ? 'fail' : 'open';
}

function sentence({ drop, p, sums: { original, canary } }: PassRates, { margin }: Pick<Settings, 'margin'>): string {
  if (drop === undefined) return 'no day or change on which both jobs ran: there is nothing to compare';
  const seen = `${canary.failed} of ${canary.runs} canary runs failed, ${original.failed} of ${original.runs} of the original`;
  const limits = `${points(drop.low)} to ${points(drop.high)}`;
  return `${seen}: the pass rate drops by ${points(drop.estimate)} points (90 % interval ${limits}, margin ${points(margin)}, p ${rate(p)})`;
}
