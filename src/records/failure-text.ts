import { CommandError, causes, messageOf, TestsFailedError } from '../api/errors.ts';
import { lastLines, truncate } from '../text/truncate.ts';

/** TestGrid keeps 10 KB of a failure's text, 1 KB of its message. */
const LONGEST_FAILURE = 10_000;
const LONGEST_CAUSES = 4000;

/** A failure for a reader of junit: the messages of the cause chain, then the last lines of output. */
export interface FailureText {
  readonly message: string;
  readonly text: string;
  /** What the failed command or tester printed, as far as it was kept. */
  readonly output: string;
}

/**
 * The texts of an error. The message comes first because viewers show a text's beginning; a cause is left out where an
 * earlier message contains it. `clean` removes secrets and what XML forbids, before anything is cut.
 */
export function failureText(error: unknown, output: string, clean: (text: string) => string): FailureText {
  const own = clean(outputOf(error));
  const all = joined(own, clean(output));
  const message = truncate(clean(messages(error)), LONGEST_CAUSES);
  const last = lastLines((own || all).trimEnd(), LONGEST_FAILURE - Buffer.byteLength(message) - 2);
  return { message, text: last.trim() === '' ? message : `${message}\n\n${last}`, output: all };
}

function messages(error: unknown): string {
  const lines: string[] = [];
  for (const cause of causes(error)) {
    const message = messageOf(cause).trim() || 'unknown failure';
    if (!lines.some((line) => line.includes(message)))
      lines.push(lines.length === 0 ? message : `caused by: ${message}`);
  }
  return lines.join('\n');
}

function outputOf(error: unknown): string {
  for (const cause of causes(error)) {
    if (cause instanceof CommandError || cause instanceof TestsFailedError) {
      if (cause.output.trim() !== '') return cause.output;
    }
  }
  return '';
}

/** Both texts, unless one contains the other. */
function joined(first: string, second: string): string {
  if (first === '' || second.includes(first.trim())) return second;
  if (second === '' || first.includes(second.trim())) return first;
  return `${first.trimEnd()}\n\n${second}`;
}
