import { SEEN, SeenSpecs } from './seen-specs.ts';
import { type Spec, specOf } from './spec.ts';
import type { JunitCase, JunitSuite, JunitVisitor } from './suite.ts';

/** The results in numbers. A spec that is in several files counts once, and as failed if it failed in one of them. */
export interface Totals {
  readonly ran: number;
  readonly passed: number;
  readonly failed: number;
  /** Those that were running when something else ended the suite, and that no file has as passed or failed. */
  readonly interrupted: number;
  readonly skipped: number;
  readonly flaky: number;
}

/** What is worth showing of the results of a run. */
export interface SpecTotals {
  readonly totals: Totals;
  /** Cases in the files, suite nodes and repetitions included. */
  readonly cases: number;
  /** Of those the failed ones. */
  readonly failures: number;
  /** The first failed cases. */
  readonly firstFailures: readonly Spec[];
  /** Names of the first specs that were interrupted. */
  readonly firstInterrupted: readonly string[];
  /** Names of the first specs that passed at a later attempt. */
  readonly flakes: readonly string[];
  /** The specs that took longest, a second or more, longest first. */
  readonly slowest: readonly Spec[];
}

/** So many failed cases, and so many flakes, are kept with name and text. */
export const LISTED = 20;
const MOST_FLAKES = 1000;
const SLOWEST = 5;

/** Counts cases while they are read, and keeps those that a reader wants to see. */
export class SpecTally implements JunitVisitor {
  readonly #seen = new SeenSpecs();
  readonly #firstFailures: Spec[] = [];
  readonly #interrupted = new Set<string>();
  readonly #flakes = new Set<string>();
  #slowest: Spec[] = [];
  #cases = 0;
  #failures = 0;

  /** What is visited from now on is of another file. */
  beginFile(): void {
    this.#seen.beginFile();
  }

  case(found: JunitCase, suite: JunitSuite): void {
    const spec = specOf(found, suite.name);
    this.#cases++;
    if (spec.outcome === 'failed') this.#keepFailure(spec);
    if (!spec.isSpec) return;
    if (spec.outcome === 'interrupted' && this.#interrupted.size < LISTED) this.#interrupted.add(spec.name);
    if (this.#isFlaky(spec)) this.#keepFlake(spec);
    this.#keepIfSlow(spec);
  }

  totals(): SpecTotals {
    const failed = this.#seen.count(SEEN.failed);
    const passed = this.#seen.count(SEEN.passed, SEEN.failed);
    const interrupted = this.#seen.count(SEEN.interrupted, SEEN.failed | SEEN.passed);
    const skipped = this.#seen.count(SEEN.skipped, SEEN.failed | SEEN.passed | SEEN.interrupted);
    const ran = passed + failed + interrupted;
    return {
      totals: { ran, passed, failed, interrupted, skipped, flaky: this.#seen.count(SEEN.flaky) },
      cases: this.#cases,
      failures: this.#failures,
      firstFailures: this.#firstFailures,
      firstInterrupted: [...this.#interrupted],
      flakes: [...this.#flakes],
      slowest: this.#slowest,
    };
  }

  #keepFailure(spec: Spec): void {
    this.#failures++;
    if (this.#firstFailures.length < LISTED) this.#firstFailures.push(spec);
  }

  /** Whether a spec says that it flaked, or is in one file failed and passed. */
  #isFlaky({ suite, name, outcome, flaky }: Spec): boolean {
    const bits = BITS[outcome] | (flaky ? SEEN.flaky : 0);
    const all = this.#seen.add(suite, name, bits);
    return (all & SEEN.flaky) !== 0 || (all & BOTH_WAYS) === BOTH_WAYS;
  }

  #keepFlake({ suite, name }: Spec): void {
    this.#seen.add(suite, name, SEEN.flaky);
    if (this.#flakes.size < MOST_FLAKES) this.#flakes.add(name);
  }

  #keepIfSlow(spec: Spec): void {
    if (spec.seconds < 1 || spec.seconds <= (this.#slowest[SLOWEST - 1]?.seconds ?? 0)) return;
    const same = this.#slowest.find(({ suite, name }) => suite === spec.suite && name === spec.name);
    if (same && same.seconds >= spec.seconds) return;
    const others = this.#slowest.filter((each) => each !== same);
    this.#slowest = [...others, spec].toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  }
}

const BITS = {
  passed: SEEN.passed | SEEN.passedInFile,
  failed: SEEN.failed | SEEN.failedInFile,
  interrupted: SEEN.interrupted,
  skipped: SEEN.skipped,
} as const;

const BOTH_WAYS = SEEN.passedInFile | SEEN.failedInFile;
