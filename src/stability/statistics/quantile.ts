/** A quantile of sorted numbers as percentile_cont, or type 7, has it; undefined of none. @param share 0 to 1 */
export function quantile(sorted: ArrayLike<number>, share: number): number | undefined {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  const above = sorted[Math.ceil(at)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (at - Math.floor(at));
}

/** The median of numbers in any order; undefined of none. */
export const median = (numbers: readonly number[]): number | undefined => quantile(ascending(numbers), 0.5);

export const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
