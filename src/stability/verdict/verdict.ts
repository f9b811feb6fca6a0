import { type Evidence, type Strata, strataOf, upTo } from '../evidence/evidence.ts';
import { type Criteria, criteriaGate, judgeCriteria } from '../gates/criteria.ts';
import { compareDurations, durationGate, type Slowdown } from '../gates/duration.ts';
import { environmentGate } from '../gates/environment.ts';
import { freshGate } from '../gates/fresh.ts';
import type { Gate, GateState } from '../gates/gate.ts';
import { heldGate } from '../gates/held.ts';
import { compareTestSets, lostTestsGate, type TestSets } from '../gates/lost-tests.ts';
import { comparePassRates, type PassRates, passRateGate } from '../gates/pass-rate.ts';
import { runsGate } from '../gates/runs.ts';
import { compareTests, type TestRates, testsGate } from '../gates/tests.ts';
import type { NameTable } from '../history/names.ts';
import { DAY, type Settings } from '../question/settings.ts';
import { type MoreRuns, moreRuns } from './more-runs.ts';

export type Verdict = 'stable' | 'not-yet' | 'not-stable';

/** The answer, with all that it rests on. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Failing ones first, then open ones. */
  readonly gates: readonly Gate[];
  /** Of what is not stable yet. */
  readonly more: MoreRuns | undefined;
  readonly strata: Strata;
  readonly rates: PassRates;
  readonly slowdown: Slowdown | undefined;
  readonly sets: TestSets;
  readonly tests: TestRates;
  /** Undefined for a step that does not ask for them. */
  readonly criteria: Criteria | undefined;
}

/** @param owned whether the canary has an alert address; undefined when no record says */
export function judge(evidence: Evidence, names: NameTable, settings: Settings, owned: boolean | undefined): Judgement {
  const now = compare(evidence, names, settings);
  const earlier = [1, 2].map((days) => {
    const until = settings.now - days * DAY;
    return { until, gates: compare(upTo(evidence, until), names, settings).gates };
  });
  const criteria = settings.step === 'non-optional' ? undefined : judgeCriteria(evidence.canary, settings.now, owned);
  const gates = [
    ...now.gates,
    freshGate(evidence),
    heldGate(earlier),
    ...(criteria === undefined ? [] : [criteriaGate(criteria)]),
  ].toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const verdict = verdictOf(gates);
  const more = verdict === 'not-yet' ? moreRuns(evidence, now.strata, now.rates, gates, settings) : undefined;
  return { ...now, verdict, gates, more, criteria };
}

const ORDER: readonly GateState[] = ['fail', 'open', 'pass'];

function verdictOf(gates: readonly Gate[]): Verdict {
  if (gates.some(({ state }) => state === 'fail')) return 'not-stable';
  return gates.some(({ state }) => state === 'open') ? 'not-yet' : 'stable';
}

/** The gates that a moment's evidence alone decides. */
function compare(evidence: Evidence, names: NameTable, settings: Settings) {
  const strata = strataOf(evidence);
  const rates = comparePassRates(strata);
  const slowdown = compareDurations(evidence);
  const sets = compareTestSets(evidence, names, settings);
  const tests = compareTests(evidence, names);
  const gates: Gate[] = [
    passRateGate(rates, settings),
    runsGate(evidence, strata, settings),
    environmentGate(evidence),
    lostTestsGate(sets),
    testsGate(tests),
    durationGate(evidence, slowdown, settings),
  ];
  return { strata, rates, slowdown, sets, tests, gates };
}
