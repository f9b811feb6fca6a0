import { quantile } from './quantile.ts';

/** How many times as long one group takes, with limits at some certainty. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** The differences between all pairs of two groups' logarithms, sorted: what shifts are estimated from. */
export function logRatios(before: readonly number[], after: readonly number[]): Float64Array {
  const [x, y] = [before.map(Math.log), after.map(Math.log)];
  const differences = new Float64Array(x.length * y.length);
  for (const [i, b] of x.entries()) for (const [j, a] of y.entries()) differences[i * y.length + j] = a - b;
  return differences.sort();
}

/** The estimate of Hodges and Lehmann, as a ratio, and its limits. Neither group is empty. @param sizes of the groups */
export function slowdownOf(ratios: Float64Array, sizes: readonly [number, number], z: number): Ratio {
  const [m, n] = sizes;
  const k = Math.max(1, Math.floor((m * n) / 2 - z * Math.sqrt((m * n * (m + n + 1)) / 12)));
  return {
    ratio: Math.exp(quantile(ratios, 0.5) ?? 0),
    low: Math.exp(ratios[k - 1] ?? 0),
    high: Math.exp(ratios[m * n - k] ?? 0),
  };
}
