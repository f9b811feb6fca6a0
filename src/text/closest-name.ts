import { distance } from 'fastest-levenshtein';

/** The candidate that a mistyped name most likely stands for; undefined when none is similar enough. */
export function closestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(3, name.length * 0.4);
  for (const candidate of candidates) {
    const edits = distance(name, candidate);
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best;
}
