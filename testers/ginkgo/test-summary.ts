import { TestsFailedError } from '../../src/api/errors.ts';
import type { Results } from '../../src/junit/results.ts';
import { describeResults, failedSentence, totalsOf } from '../../src/junit/summary.ts';
import type { Progress } from './progress.ts';

/** How a suite ended: what its junit files and its output tell, and the error of its command if that failed. */
export interface Ending {
  readonly results: Results;
  readonly progress: Progress;
  readonly failure?: unknown;
}

/** The text for people, from the junit files, or from the output where there are none. */
export function describeEnding({ results, progress }: Ending): string {
  if (results.specs.length > 0) return describeResults(results, progress.flaky);
  const { ran, done, failed } = progress;
  const count = ran ?? done;
  const told =
    ran === undefined && done === 0
      ? 'which specs ran is not known: neither the output nor a junit file tells'
      : `${count} ${count === 1 ? 'spec' : 'specs'} ran, ${failed} failed; there is no junit file to tell more`;
  return [told, ...results.unreadable].join('\n');
}

/** Why the tests did not pass; undefined when they did. No spec having run is a failure unless that is allowed. */
export function failureOf(ending: Ending, allowNoTests: boolean): TestsFailedError | undefined {
  const { results, progress, failure } = ending;
  const ran = specsRan(ending);
  if (failure === undefined) {
    if (ran !== 0 || allowNoTests) return undefined;
    return new TestsFailedError(
      'no spec ran: nothing is selected by the focus, skip and label filter together (--allow-no-tests lets this pass)',
      describeEnding(ending),
      { report: describeEnding(ending) },
    );
  }
  const without = ran === 0 ? 'no spec ran: ' : '';
  const counted = progress.failed > 0 ? `${progress.failed} of ${ran ?? progress.done} specs failed` : undefined;
  const sentence = failedSentence(results) ?? counted ?? 'ginkgo failed though no spec did: see its output';
  return new TestsFailedError(`${without}${sentence}`, describeEnding(ending), {
    cause: failure,
    report: describeEnding(ending),
  });
}

/** The number of specs that ran; undefined when neither Ginkgo nor a junit file tells. */
export function specsRan({ results, progress }: Ending): number | undefined {
  return progress.ran ?? (results.specs.length > 0 ? totalsOf(results).ran : undefined);
}
