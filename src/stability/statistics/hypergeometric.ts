/** Probabilities of consecutive whole numbers. */
export interface Distribution {
  /** The least number that can be. */
  readonly from: number;
  /** Of `from`, `from + 1` … */
  readonly chances: Float64Array;
}

/** How many of `drawn` things are marked ones, when they are drawn from `total` things of which `marked` are. */
export function hypergeometric(total: number, marked: number, drawn: number): Distribution {
  const from = Math.max(0, drawn + marked - total);
  const to = Math.min(drawn, marked);
  const all = lnChoose(total, drawn);
  const chances = Float64Array.from({ length: to - from + 1 }, (_, at) =>
    Math.exp(lnChoose(marked, from + at) + lnChoose(total - marked, drawn - from - at) - all),
  );
  return { from, chances };
}

/** The sum of two independent numbers. */
export function convolved(a: Distribution, b: Distribution): Distribution {
  const chances = new Float64Array(a.chances.length + b.chances.length - 1);
  for (const [i, p] of a.chances.entries()) {
    for (const [j, q] of b.chances.entries()) chances[i + j] = (chances[i + j] ?? 0) + p * q;
  }
  return { from: a.from + b.from, chances };
}

/** The probability of at least so many. */
export function atLeast({ from, chances }: Distribution, seen: number): number {
  let sum = 0;
  // From the small ones on, so that they are not lost in rounding.
  for (let at = chances.length - 1; at >= Math.max(0, seen - from); at--) sum += chances[at] ?? 0;
  return Math.min(1, sum);
}

function lnChoose(n: number, k: number): number {
  return lnFactorial(n) - lnFactorial(k) - lnFactorial(n - k);
}

/** The logarithm of n!: exact sums below 256, and beyond that Stirling's series, whose error is then below 1e-15. */
function lnFactorial(n: number): number {
  const small = SMALL[n];
  if (small !== undefined) return small;
  const x = n + 1;
  return (
    (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5)
  );
}

const SMALL: readonly number[] = Array.from({ length: 256 }, (_, n) => {
  let sum = 0;
  for (let factor = 2; factor <= n; factor++) sum += Math.log(factor);
  return sum;
});
