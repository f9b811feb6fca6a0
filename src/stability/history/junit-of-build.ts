import type { JunitCase, JunitSuite, JunitVisitor, KeptSizes } from '../../junit/suite.ts';
import { isFailure, OUTCOME, type Outcome, type TestOutcomes } from './build.ts';
import type { NameTable } from './names.ts';
import type { Launcher, StepRow } from './phase.ts';
import { isSuiteNode, testName } from './test-name.ts';

/** What is kept of a case; its output is not read. */
export const NAMES_AND_OUTCOMES: KeptSizes = { line: 2048, failure: 0, output: 0, details: 'class' };

const LONGEST_REASON = 300;

/** Gathers the junit files of one build: the rows of its launcher, and how each test ended in all files together. */
export class JunitOfBuild implements JunitVisitor {
  readonly #table: NameTable;
  /** From names as they are written, which are the same in each build. */
  readonly #known: Map<string, number>;
  readonly #outcomes = new Map<number, Outcome>();
  readonly #reasons = new Map<number, string>();
  #runner: { launcher: Launcher | undefined; readonly rows: StepRow[] } | undefined;
  #file = new Map<number, Outcome>();
  #fileRunner: { launcher: Launcher | undefined; readonly rows: StepRow[] } | undefined;

  constructor(table: NameTable, known: Map<string, number>) {
    this.#table = table;
    this.#known = known;
  }

  /** The cases of one file follow. @param isRunner whether it is the launcher's own */
  beginFile(isRunner: boolean): void {
    this.#fileRunner = isRunner ? { launcher: undefined, rows: [] } : undefined;
    this.#file = new Map();
  }

  case(found: JunitCase, suite: JunitSuite): void {
    const launcher = launcherOf(found.classname) ?? launcherOf(suite.name);
    if (launcher !== undefined || this.#fileRunner) return this.#addRow(found, launcher);
    const test = this.#testOf(found.name);
    if (test === NO_TEST) return;
    const outcome = outcomeOf(found);
    if (outcome === OUTCOME.skipped) this.#reasons.set(test, (found.skipped ?? '').slice(0, LONGEST_REASON));
    this.#file.set(test, together(this.#file.get(test), outcome));
  }

  /** The cases of the file are complete: a file that breaks off is not added. */
  endFile(): void {
    this.#runner ??= this.#fileRunner;
    for (const [test, outcome] of this.#file) this.#outcomes.set(test, across(this.#outcomes.get(test), outcome));
  }

  /** What the launcher's own file says; undefined when there is none that can be read. */
  get runner(): { readonly launcher: Launcher | undefined; readonly rows: readonly StepRow[] } | undefined {
    return this.#runner;
  }

  get hasFailedTest(): boolean {
    return [...this.#outcomes.values()].some(isFailure);
  }

  tests(): TestOutcomes {
    const names = Int32Array.from(this.#outcomes.keys()).sort();
    const outcomes = Uint8Array.from(names, (name) => this.#outcomes.get(name) ?? 0);
    return { names, outcomes, reasons: this.#reasons };
  }

  #addRow({ name, failure }: JunitCase, launcher: Launcher | undefined): void {
    if (!this.#fileRunner) return;
    this.#fileRunner.launcher ??= launcher;
    this.#fileRunner.rows.push({ name, failed: failure !== undefined });
  }

  #testOf(written: string): number {
    const known = this.#known.get(written);
    if (known !== undefined) return known;
    const name = testName(written);
    const test = isSuiteNode(name) ? NO_TEST : this.#table.idOf(name);
    this.#known.set(written, test);
    return test;
  }
}

const NO_TEST = -1;

function launcherOf(name: string): Launcher | undefined {
  return name === 'kubetest2' || name === 'e2e.go' ? name : undefined;
}

function outcomeOf({ failure, skipped, flaky }: JunitCase): Outcome {
  if (failure) return OUTCOME.failed;
  if (flaky) return OUTCOME.flaked;
  if (skipped === undefined) return OUTCOME.passed;
  if (/^pending\b/i.test(skipped)) return OUTCOME.pending;
  return /^skipped - /.test(skipped) ? OUTCOME.skipped : OUTCOME.notSelected;
}

/** Of one name twice in a file. */
function together(before: Outcome | undefined, now: Outcome): Outcome {
  if (before === undefined) return now;
  const both = new Set([before, now]);
  if (both.has(OUTCOME.flaked) || (both.has(OUTCOME.passed) && both.has(OUTCOME.failed))) return OUTCOME.flaked;
  return across(before, now);
}

/** From the one that counts most. */
const WEIGHT: readonly Outcome[] = [
  OUTCOME.flaked,
  OUTCOME.failed,
  OUTCOME.passed,
  OUTCOME.skipped,
  OUTCOME.pending,
  OUTCOME.notSelected,
];

/** Of one name in two files. */
function across(before: Outcome | undefined, now: Outcome): Outcome {
  if (before === undefined) return now;
  return WEIGHT.indexOf(before) < WEIGHT.indexOf(now) ? before : now;
}
