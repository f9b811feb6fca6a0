import { stripVTControlCharacters } from 'node:util';
import { CommandError, causeOf, messageOf, TestsFailedError } from '../../src/api/errors.ts';
import type { Results } from '../../src/junit/results.ts';
import { describeResults, failedSentence } from '../../src/junit/summary.ts';
import { plural } from '../../src/text/plural.ts';
import { oneLine } from '../../src/text/truncate.ts';
import type { Progress } from './progress.ts';

/** The outcome of a suite: its junit files, its output, and the error of its command if that failed. */
export interface SuiteOutcome {
  readonly results: Results;
  readonly progress: Progress;
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

/** Why the tests failed; undefined when they passed. It is a failure when no spec ran, unless that is allowed. */
export function failureOf(outcome: SuiteOutcome, allowNoTests: boolean): TestsFailedError | undefined {
  const { results, progress, failure } = outcome;
  const ran = specsRan(outcome);
  if (failure === undefined) {
    if (ran !== 0 || allowNoTests) return undefined;
    return new TestsFailedError(
      'no spec ran: no spec matches the focus, skip and label filter (set --allow-no-tests to pass)',
      describeOutcome(outcome),
      { report: describeOutcome(outcome) },
    );
  }
  const counted = progress.failed > 0 ? `${progress.failed} of ${ran ?? progress.done} specs failed` : undefined;
  const failed = failedSentence(results) ?? counted;
  const noneRan = ran === 0 ? 'no spec ran: ' : '';
  const sentence = failed === undefined ? commandFailure(failure, ran) : `${noneRan}${failed}`;
  return new TestsFailedError(sentence, describeOutcome(outcome), {
    cause: failure,
    report: describeOutcome(outcome),
  });
}

/** The failure of ginkgo itself: `ginkgo exited with code 1 before any spec ran: REASON`. `ran` as in `specsRan`. */
function commandFailure(failure: unknown, ran: number | undefined): string {
  const command = causeOf(failure, CommandError);
  const specs = ran === undefined ? '' : ran === 0 ? ' before any spec ran' : ', but no spec failed';
  const reason = reasonIn(command?.output ?? '');
  return `${command?.message ?? messageOf(failure)}${specs}${reason === undefined ? '' : `: ${oneLine(reason, 300)}`}`;
}

/** The last line of an output that is not one of Ginkgo's closing lines. */
function reasonIn(output: string): string | undefined {
  return stripVTControlCharacters(output)
    .split('\n')
    .findLast((line) => line.trim() !== '' && !/^(Test Suite (Failed|Passed)|Ginkgo ran \d+ suites? in )/.test(line));
}

/** The number of specs that ran; undefined when it is neither in the output nor in a junit file. */
export function specsRan({ results, progress }: SuiteOutcome): number | undefined {
  return progress.ran ?? (results.cases > 0 ? results.totals.ran : undefined);
}
