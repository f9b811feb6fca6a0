import { shown } from '../../text/figures.ts';
import { plural } from '../../text/plural.ts';
import type { Evidence } from '../evidence/evidence.ts';
import { completeRuns, executedTests, type Run } from '../evidence/runs.ts';
import { OUTCOME } from '../history/build.ts';
import type { NameTable } from '../history/names.ts';
import type { Settings } from '../question/settings.ts';
import type { Gate } from './gate.ts';

export interface LostTest {
  readonly name: string;
  readonly reason: string;
  /** Whether `--allow-lost` lets it be. */
  readonly isAllowed: boolean;
}

/** Which tests the canary does not run although the original does, and the other way round; sorted by name. */
export interface TestSets {
  readonly lost: readonly LostTest[];
  readonly gained: readonly string[];
  /** Complete runs of each job. */
  readonly complete: readonly [original: number, canary: number];
}

const LEAST_COMPLETE = 3;

export function compareTestSets(evidence: Evidence, names: NameTable, { allowLost }: Settings): TestSets {
  const [original, canary] = [completeRuns(evidence.original), completeRuns(evidence.canary)];
  const complete = [original.length, canary.length] as const;
  if (Math.min(...complete) < LEAST_COMPLETE) return { lost: [], gained: [], complete };
  const newest = canary.slice(-5);
  const inCanary = countsOf(newest);
  const inOriginal = countsOf(original);
  const lost = usualTests(original).filter((test) => !inCanary.has(test));
  const gained = [...inCanary.keys()].filter((test) => !inOriginal.has(test));
  return {
    lost: lost.map((test) => lostTest(names.nameOf(test), test, newest, allowLost)).toSorted(byName),
    gained: gained.map((test) => names.nameOf(test)).toSorted(byBytes),
    complete,
  };
}

/** Whether the canary runs all tests that the original runs. */
export function lostTestsGate({ lost, complete: [original, canary] }: TestSets): Gate {
  const left = lost.filter(({ isAllowed }) => !isAllowed);
  const allowed = lost.length - left.length;
  const also = allowed === 0 ? '' : ` (${allowed} more by --allow-lost)`;
  if (Math.min(original, canary) < LEAST_COMPLETE) {
    const text = `${canary} canary and ${original} original runs are complete: at least ${LEAST_COMPLETE} of each tell which tests a job has`;
    return { name: 'lost-tests', state: 'open', text };
  }
  if (left.length === 0) {
    return { name: 'lost-tests', state: 'pass', text: `the canary runs every test that the original runs${also}` };
  }
  const [first] = left;
  const text = `the canary no longer runs ${plural(left.length, 'test')} that the original runs${also}, such as ${shown(first?.name ?? '')} (${first?.reason})`;
  return { name: 'lost-tests', state: 'fail', text };
}

/** What the original runs as a rule, and did lately. */
function usualTests(original: readonly Run[]): number[] {
  const newest = original.slice(-10);
  const lately = countsOf(newest.slice(-3));
  return [...countsOf(newest)]
    .filter(([test, runs]) => runs >= 0.8 * newest.length && lately.has(test))
    .map(([test]) => test);
}

function countsOf(runs: readonly Run[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const run of runs) for (const test of executedTests(run)) counts.set(test, (counts.get(test) ?? 0) + 1);
  return counts;
}

function lostTest(name: string, test: number, newest: readonly Run[], allowLost: readonly string[]): LostTest {
  return {
    name,
    reason: reasonOf(test, newest),
    isAllowed: allowLost.some((text) => text !== '' && name.includes(text)),
  };
}

/** By the newest run whose junit names the test. */
function reasonOf(test: number, newest: readonly Run[]): string {
  for (const { tests } of newest.toReversed()) {
    const at = tests.names.indexOf(test);
    const outcome = at === -1 ? undefined : tests.outcomes[at];
    if (outcome === OUTCOME.skipped)
      return `skipped at run time: ${(tests.reasons.get(test) ?? '').replace(/^skipped - /, '')}`;
    if (outcome === OUTCOME.pending) return 'pending';
    if (outcome !== undefined) return 'not selected';
  }
  return 'not there';
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const byName = (a: LostTest, b: LostTest): number => byBytes(a.name, b.name);
