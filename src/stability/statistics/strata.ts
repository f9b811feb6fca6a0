import { atLeast, convolved, type Distribution, hypergeometric } from './hypergeometric.ts';

/** So many runs, and so many of them failed. */
export interface Tally {
  readonly runs: number;
  readonly failed: number;
}

/** Runs of both jobs under like conditions: on one day, or of one change. Both have some. */
export interface Stratum {
  readonly original: Tally;
  readonly canary: Tally;
}

/** Both jobs over all strata. */
export interface Sums {
  readonly original: Tally;
  readonly canary: Tally;
}

export function sumsOf(strata: readonly Stratum[]): Sums {
  return { original: sumOf(strata.map((each) => each.original)), canary: sumOf(strata.map((each) => each.canary)) };
}

function sumOf(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, { runs, failed }) => ({ runs: sum.runs + runs, failed: sum.failed + failed }), NONE);
}

export const NONE: Tally = { runs: 0, failed: 0 };

/**
 * The exact stratified test: the probability of as many failures of the canary as were seen or more, given how many
 * runs and failures both jobs together have in each stratum, when the job makes no difference. With one stratum it is
 * Fisher's exact test, one-sided.
 */
export function exactTest(strata: readonly Stratum[]): number {
  const failures = strata.reduce((sum, { canary }) => sum + canary.failed, 0);
  return atLeast(strata.map(failuresOf).reduce(convolved, CERTAIN), failures);
}

/** The least that `exactTest` could give with these margins. */
export function leastChance(strata: readonly Stratum[]): number {
  return strata.reduce((product, stratum) => product * (failuresOf(stratum).chances.at(-1) ?? 1), 1);
}

const CERTAIN: Distribution = { from: 0, chances: Float64Array.of(1) };

function failuresOf({ original, canary }: Stratum): Distribution {
  return hypergeometric(original.runs + canary.runs, original.failed + canary.failed, canary.runs);
}
