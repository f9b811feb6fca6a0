import type { Stratum, Tally } from '../statistics/strata.ts';
import type { Run } from './runs.ts';
import { isCounted } from './runs.ts';

/** What was seen of both jobs up to a moment. */
export interface Evidence {
  readonly kind: 'periodic' | 'presubmit';
  readonly original: readonly Run[];
  readonly canary: readonly Run[];
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What had started by a moment. */
export function upTo(evidence: Evidence, until: number): Evidence {
  const before = (runs: readonly Run[]) => runs.filter(({ started }) => started <= until);
  return { ...evidence, original: before(evidence.original), canary: before(evidence.canary), until };
}

/** A stratum by its name: a UTC day or a change. */
export interface NamedStratum extends Stratum {
  readonly name: string;
}

/** The strata that both jobs have runs in, by name. `counts` says which runs count, `failed` which of them failed. */
export function commonStrata(
  { original, canary }: Evidence,
  counts: (run: Run) => boolean,
  failed: (run: Run) => boolean,
): NamedStratum[] {
  const [o, c] = [tallies(original, counts, failed), tallies(canary, counts, failed)];
  const names = [...o.keys()].filter((name) => c.has(name)).toSorted(byBytes);
  return names.map((name) => ({ name, original: o.get(name) ?? NONE, canary: c.get(name) ?? NONE }));
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : 1);

const NONE: Tally = { runs: 0, failed: 0 };

function tallies(
  runs: readonly Run[],
  counts: (run: Run) => boolean,
  failed: (run: Run) => boolean,
): Map<string, Tally> {
  const found = new Map<string, { runs: number; failed: number }>();
  for (const run of runs) {
    if (!counts(run)) continue;
    const tally = found.get(run.stratum) ?? { runs: 0, failed: 0 };
    tally.runs += 1;
    if (failed(run)) tally.failed += 1;
    found.set(run.stratum, tally);
  }
  return found;
}

/** The strata of the pass rates: those that are compared, and those that say nothing since both jobs were broken. */
export interface Strata {
  readonly kept: readonly NamedStratum[];
  readonly setAside: readonly NamedStratum[];
}

export function strataOf(evidence: Evidence): Strata {
  const common = commonStrata(evidence, isCounted, ({ state }) => state === 'failed');
  const setAside = common.filter(evidence.kind === 'periodic' ? isBrokenDay : isBrokenChange);
  const isTooMuch = evidence.kind === 'periodic' && setAside.length > common.length / 3;
  if (isTooMuch) return { kept: common, setAside: [] };
  return { kept: common.filter((each) => !setAside.includes(each)), setAside };
}

/** A day on which Kubernetes was broken for both jobs. */
function isBrokenDay({ original, canary }: Stratum): boolean {
  return [original, canary].every(({ runs, failed }) => runs >= 2 && failed * 2 >= runs);
}

/** A change that no job passes. */
function isBrokenChange({ original, canary }: Stratum): boolean {
  return [original, canary].every(({ runs, failed }) => failed === runs);
}
