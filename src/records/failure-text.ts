import { CommandError, causes, messageOf, TestsFailedError } from '../api/errors.ts';
import { lastLines, truncate } from '../text/truncate.ts';

/** TestGrid keeps 10 KB of a failure's text, 1 KB of its message. */
const LONGEST_FAILURE = 10_000;
const LONGEST_CAUSES = 4000;

/** What went wrong, for a reader of junit: the sentences of the cause chain, then the last lines of output. */
export interface FailureText {
  readonly message: string;
  readonly text: string;
  /** What the failed command or tester printed, in full as far as it was kept. */
  readonly output: string;
}

/**
 * Tells an error. The sentence comes first because viewers show a text's beginning; a cause is left out where a
 * sentence before it already quotes it. `clean` takes out secrets and what XML forbids, before anything is cut.
 */
export function failureText(error: unknown, output: string, clean: (text: string) => string): FailureText {
  const said = clean(outputOf(error));
  const all = joined(said, clean(output));
  const told = truncate(clean(sentences(error)), LONGEST_CAUSES);
  const last = lastLines((said || all).trimEnd(), LONGEST_FAILURE - Buffer.byteLength(told) - 2);
  return { message: told, text: last.trim() === '' ? told : `${told}\n\n${last}`, output: all };
}

function sentences(error: unknown): string {
  const lines: string[] = [];
  for (const cause of causes(error)) {
    const sentence = messageOf(cause).trim() || 'it failed without a word';
    if (!lines.some((line) => line.includes(sentence)))
      lines.push(lines.length === 0 ? sentence : `caused by: ${sentence}`);
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

/** Both texts, unless one already holds the other. */
function joined(first: string, second: string): string {
  if (first === '' || second.includes(first.trim())) return second;
  if (second === '' || first.includes(second.trim())) return first;
  return `${first.trimEnd()}\n\n${second}`;
}
