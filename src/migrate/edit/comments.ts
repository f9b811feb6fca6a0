import type { Word } from '../read/job.ts';

/** The comments of a legacy argument: the lines above it and what stands behind it. */
export interface Remarks {
  /** Whole lines with their indentation, blank ones included. */
  readonly above: readonly string[];
  readonly behind: string | undefined;
}

/** Something new that comments can go to. */
export interface Target {
  readonly from: readonly Word[];
  readonly weight: number;
}

/** Decides where the comments of each legacy word go: to the heaviest of what was made from it, of equal ones the first. */
export function chooseTargets<T extends Target>(targets: readonly T[]): Map<Word, T> {
  const chosen = new Map<Word, T>();
  for (const target of targets) {
    for (const word of target.from) {
      const before = chosen.get(word);
      if (!before || target.weight > before.weight) chosen.set(word, target);
    }
  }
  return chosen;
}

/** The comment lines without blanks around them. */
export function remarkLines({ above, behind }: Remarks): string[] {
  const lines = above.map((line) => line.trim()).filter((line) => line !== '');
  return behind === undefined ? lines : [...lines, behind];
}
