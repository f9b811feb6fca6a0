/**
 * The level for each of many tests by Tarone's rule: tests that could not be significant at all do not count.
 * @param least the least chance that each could give; @param level for all together
 */
export function taroneLevel(least: readonly number[], level: number): number {
  for (let k = 1; ; k++) {
    if (least.filter((chance) => chance <= level / k).length <= k) return level / k;
  }
}
