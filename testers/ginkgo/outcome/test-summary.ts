import { stripVTControlCharacters } from 'node:util';
import { CommandError, causeOf, messageOf, TestsFailedError } from '../../../src/api/errors.ts';
import type { Results } from '../../../src/junit/results.ts';
import { describeResults, failedSentence, interruptedSentence } from '../../../src/junit/summary.ts';
import { plural } from '../../../src/text/plural.ts';
import { lastLines, oneLine } from '../../../src/text/truncate.ts';
import type { Progress } from './progress.ts';
import type { SuiteFindings } from './suite-output.ts';

/** The outcome of a suite: its junit files, its output, and the error of its command if that failed. */
export interface SuiteOutcome {
  readonly results: Results;
  readonly progress: Progress;
  /** What the output says of a failure. */
  readonly findings: SuiteFindings;
  readonly failure?: unknown;
}

/** The summary in words, from the junit files, or without any from the output. */
export function describeOutcome({ results, progress }: SuiteOutcome): string {
  if (results.cases > 0) return describeResults(results, progress.flaky);
  const { ran, done, failed } = progress;
  const count = ran ?? done;
  const summary =
    ran === undefined && done === 0
      ? 'number of specs unknown: no junit file, and no totals in the output'
      : `${plural(count, 'spec')} ran, ${failed} failed (from the output: no junit file found)`;
  return [summary, ...results.unreadable].join('\n');
}

/**
 * Why the tests failed; undefined when they passed. It is a failure when no spec ran, unless that is allowed.
 * `reportDir` is where the junit files are, for running the failed specs again.
 */
export function failureOf(
  outcome: SuiteOutcome,
  allowNoTests: boolean,
  reportDir: string,
): TestsFailedError | undefined {
  const { failure } = outcome;
  const ran = specsRan(outcome);
  if (failure === undefined) {
    if (ran !== 0 || allowNoTests) return undefined;
    return new TestsFailedError(
      'no spec ran: no spec matches the focus, skip and label filter (set --allow-no-tests to pass)',
      describeOutcome(outcome),
      { report: describeOutcome(outcome) },
    );
  }
  const report = describeOutcome(outcome);
  const specs = specFailure(outcome);
  if (specs !== undefined) {
    const noneRan = ran === 0 ? 'no spec ran: ' : '';
    const rerun = outcome.results.totals.failed > 0 ? `--rerun-failed=${reportDir}` : undefined;
    return new TestsFailedError(`${noneRan}${specs}`, report, { cause: failure, report, rerun });
  }
  const tail = lastLines(stripVTControlCharacters(causeOf(failure, CommandError)?.output ?? ''), TAIL);
  return new TestsFailedError(suiteFailure(outcome, failure), `${report}\n\n${tail}`.trim(), {
    cause: failure,
    report,
  });
}

/** Bytes of output in the records of a suite that failed without a failed spec. */
const TAIL = 6000;

/** The failed specs, from the junit files or else from the output, and why the suite ended early if it did. */
function specFailure(outcome: SuiteOutcome): string | undefined {
  const { results, findings } = outcome;
  const failed = failedSentence(results) ?? countedFailure(outcome);
  const reasons = findings.reasons.filter((reason) => !FOLLOWS.test(reason)).map((reason) => oneLine(reason, 300));
  if (failed !== undefined) return [failed, ...reasons].join('; ');
  const interrupted = interruptedSentence(results);
  return interrupted && [...findings.reasons, interrupted].join(': ');
}

/** Reasons that only repeat what the list of specs says. */
const FOLLOWS = /^(?:Interrupted by|A BeforeSuite node failed)/;

function countedFailure({ progress, findings, results }: SuiteOutcome): string | undefined {
  if (results.cases > 0 || progress.failed === 0) return undefined;
  const { failed, ran, done } = progress;
  const names = findings.failed.slice(0, 3);
  const more = failed > names.length ? ` and ${failed - names.length} more` : '';
  return `${failed} of ${ran ?? done} specs failed${names.length === 0 ? '' : `: ${names.join('; ')}${more}`}`;
}

/** The failure of a suite in which no spec failed: `REASON (ginkgo exited with code 1 before any spec ran)`. */
function suiteFailure(outcome: SuiteOutcome, failure: unknown): string {
  const command = causeOf(failure, CommandError);
  const ran = specsRan(outcome);
  const when = ran === undefined ? '' : ran === 0 ? ' before any spec ran' : ', but no spec failed';
  const what = `${command?.message ?? messageOf(failure)}${when}`;
  const [found] = outcome.findings.reasons;
  if (found !== undefined) return `${oneLine(found, 300)} (${what})`;
  const last = lastLine(command?.output ?? '');
  return last === undefined ? what : `${what}: ${oneLine(last, 300)}`;
}

/** The last line of an output that is not one of Ginkgo's closing lines. */
function lastLine(output: string): string | undefined {
  return stripVTControlCharacters(output)
    .split('\n')
    .findLast((line) => line.trim() !== '' && !/^(Test Suite (Failed|Passed)|Ginkgo ran \d+ suites? in )/.test(line));
}

/** The number of specs that ran; undefined when it is neither in the output nor in a junit file. */
export function specsRan({ results, progress }: SuiteOutcome): number | undefined {
  return progress.ran ?? (results.cases > 0 ? results.totals.ran : undefined);
}
