import type { Stratum, Tally } from './strata.ts';

/** Quantiles of the normal distribution, one-sided 95 % and 99 %, two-sided 95 %. */
export const Z95 = 1.644854;
export const Z99 = 2.326348;
export const Z95_TWO_SIDED = 1.959964;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Estimate extends Interval {
  readonly estimate: number;
}

/** Wilson's limits of a rate. @param size how many runs it is of, which need not be whole */
export function wilson(rate: number, size: number, z: number): Interval {
  const scale = 1 + z ** 2 / size;
  const centre = (rate + z ** 2 / (2 * size)) / scale;
  const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / size + z ** 2 / (4 * size ** 2));
  return { low: centre - half, high: centre + half };
}

/**
 * By how much more often the canary fails, with Newcombe's limits: its weighted rate of failures less the original's,
 * the weights those of Mantel and Haenszel. Undefined when there is no stratum.
 */
export function dropOf(strata: readonly Stratum[]): Estimate | undefined {
  if (strata.length === 0) return undefined;
  const weights = weightsOf(strata);
  const original = rateOf(
    strata.map((each) => each.original),
    weights,
  );
  const canary = rateOf(
    strata.map((each) => each.canary),
    weights,
  );
  const estimate = canary.rate - original.rate;
  const [o, c] = [wilson(original.rate, original.size, Z95), wilson(canary.rate, canary.size, Z95)];
  return {
    estimate,
    low: estimate - Math.hypot(canary.rate - c.low, o.high - original.rate),
    high: estimate + Math.hypot(c.high - canary.rate, original.rate - o.low),
  };
}

function weightsOf(strata: readonly Stratum[]): number[] {
  const raw = strata.map(({ original, canary }) => (original.runs * canary.runs) / (original.runs + canary.runs));
  const sum = raw.reduce((total, weight) => total + weight, 0);
  return raw.map((weight) => weight / sum);
}

/** A weighted rate, and of how many runs a plain one would be as certain. */
function rateOf(tallies: readonly Tally[], weights: readonly number[]): { rate: number; size: number } {
  let rate = 0;
  let spread = 0;
  for (const [at, { runs, failed }] of tallies.entries()) {
    const weight = weights[at] ?? 0;
    rate += (weight * failed) / runs;
    spread += weight ** 2 / runs;
  }
  return { rate, size: 1 / spread };
}
