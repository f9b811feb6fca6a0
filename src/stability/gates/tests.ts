import { rate, shown } from '../../text/figures.ts';
import { plural } from '../../text/plural.ts';
import { commonStrata, type Evidence } from '../evidence/evidence.ts';
import { isReadable, type Run } from '../evidence/runs.ts';
import { isExecuted, isFailure } from '../history/build.ts';
import type { NameTable } from '../history/names.ts';
import { exactTest, leastChance, type Sums, sumsOf } from '../statistics/strata.ts';
import { taroneLevel } from '../statistics/tarone.ts';
import type { Gate } from './gate.ts';

/** A test that failed in the canary, with its runs on the days or changes that both jobs have. */
export interface ComparedTest extends Sums {
  readonly name: string;
  readonly p: number;
}

export interface TestRates {
  /** How many tests both jobs executed. */
  readonly compared: number;
  /** Those that fail more often in the canary than chance explains. */
  readonly regressed: readonly ComparedTest[];
  /** Those that may. */
  readonly suspects: readonly ComparedTest[];
  /** Every test that failed at least thrice in the canary. */
  readonly candidates: readonly ComparedTest[];
}

/** The chance that any test is named without reason. */
const LEVEL = 0.02;
const LEAST_FAILURES = 3;
const MOST_SUSPECTS = 20;

export function compareTests(evidence: Evidence, names: NameTable): TestRates {
  const [original, canary] = [countsOf(evidence.original), countsOf(evidence.canary)];
  const both = [...canary.keys()].filter((test) => original.has(test));
  const candidates = both
    .filter((test) => (canary.get(test)?.failed ?? 0) >= LEAST_FAILURES)
    .map((test) => compared(evidence, test, names.nameOf(test)))
    .filter((each) => each.canary.failed >= LEAST_FAILURES)
    .toSorted((a, b) => a.p - b.p || (a.name < b.name ? -1 : 1));
  const level = taroneLevel(
    candidates.map(({ least }) => least),
    LEVEL,
  );
  const regressed = candidates.filter(({ p }) => p <= level);
  const suspects = candidates.filter(({ p }) => p > level && p <= 0.05).slice(0, MOST_SUSPECTS);
  return { compared: both.length, regressed, suspects, candidates };
}

/** Whether some test fails more often in the canary. */
export function testsGate({ compared: count, regressed, suspects }: TestRates): Gate {
  const [worst] = regressed;
  if (worst === undefined) {
    const also = suspects.length === 0 ? '' : `; ${plural(suspects.length, 'test is a suspect', 'tests are suspects')}`;
    return {
      name: 'tests',
      state: 'pass',
      text: `none of ${plural(count, 'test')} fails more often in the canary${also}`,
    };
  }
  const { canary, original, name, p } = worst;
  const seen = `${canary.failed} of ${canary.runs} canary runs, ${original.failed} of ${original.runs} original ones, p ${rate(p)}`;
  const text = `${plural(regressed.length, 'test fails', 'tests fail')} more often in the canary: ${shown(name)} (${seen})`;
  return { name: 'tests', state: 'fail', text };
}

/** How often each test was executed, and failed. */
function countsOf(runs: readonly Run[]): Map<number, { failed: number }> {
  const counts = new Map<number, { failed: number }>();
  for (const run of runs) {
    if (!isReadable(run)) continue;
    const { names, outcomes } = run.tests;
    for (let at = 0; at < names.length; at++) {
      const outcome = outcomes[at] ?? 0;
      if (!isExecuted(outcome)) continue;
      const test = names[at] ?? -1;
      const count = counts.get(test) ?? { failed: 0 };
      if (isFailure(outcome)) count.failed += 1;
      counts.set(test, count);
    }
  }
  return counts;
}

function compared(evidence: Evidence, test: number, name: string): ComparedTest & { readonly least: number } {
  const outcomes = new Map([...evidence.original, ...evidence.canary].map((run) => [run, outcomeOf(run, test)]));
  const strata = commonStrata(
    evidence,
    (run) => isExecuted(outcomes.get(run) ?? 0),
    (run) => isFailure(outcomes.get(run) ?? 0),
  );
  return { name, ...sumsOf(strata), p: exactTest(strata), least: leastChance(strata) };
}

function outcomeOf(run: Run, test: number): number {
  if (!isReadable(run)) return 0;
  const at = run.tests.names.indexOf(test);
  return at === -1 ? 0 : (run.tests.outcomes[at] ?? 0);
}
