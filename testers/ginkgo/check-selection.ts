import { dirname } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { CommandError, causeOf, messageOf, RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { SuiteOutputReader } from './outcome/suite-output.ts';

/** Milliseconds. A suite with 7,000 specs takes seconds. */
const LONGEST = 300_000;

/**
 * Lets the suite itself check the regular expressions, the label filter and the flags of a command line, by a dry run,
 * which needs no cluster. `suite` is its path. Throws RunError with the suite's reason for what it rejects, and the
 * signal's reason; a dry run that fails for another reason says nothing of the selection.
 */
export async function checkSelectionBySuite(
  suite: string,
  args: readonly string[],
  env: Env,
  run: Run,
  signal: AbortSignal,
): Promise<void> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(LONGEST)]);
  const argv = [suite, ...args, '--ginkgo.dry-run'];
  try {
    await run.exec(argv, { signal: either, env, output: 'capture', cwd: dirname(suite) });
  } catch (error) {
    signal.throwIfAborted();
    const reason = rejection(causeOf(error, CommandError)?.output ?? '');
    if (reason !== undefined) throw new RunError(`the suite rejects its arguments: ${reason}`, { cause: error });
    run.log.detail(1, `The dry run of the suite failed: ${messageOf(error)}`);
  }
}

function rejection(output: string): string | undefined {
  const reader = new SuiteOutputReader();
  reader.onOutput(Buffer.from(output));
  return reader.findings().rejection;
}
