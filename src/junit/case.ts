/** A case of `junit_runner.xml` as the writer keeps it: clean, bounded, in the words a reader will see. */
export interface RunnerCase {
  /** Unique in the file. */
  readonly name: string;
  readonly seconds: number;
  readonly failure?: { readonly message: string; readonly text: string };
  readonly skipped?: string;
  readonly output?: string;
}

/** The message of a case whose step has begun and not ended. A file that still says so was left by a killed run. */
export const NOT_FINISHED = 'not finished';

/** A case for a step that begins now. */
export function unfinished(name: string): RunnerCase {
  const text = `${NOT_FINISHED}: the step had begun when this file was written, and nothing tells how it ended; if the run is over, it was killed during this step`;
  return { name, seconds: 0, failure: { message: NOT_FINISHED, text } };
}

/** Whether a case tells nothing that one more try of the same step would not tell better. */
export function isReplaceable({ failure, skipped }: RunnerCase): boolean {
  return failure?.message === NOT_FINISHED || skipped !== undefined;
}

/**
 * The name for one more case: `Test`, then `Test (2)` … The same name twice, once passed and once failed, would read as a flake.
 */
export function freeName(name: string, taken: readonly RunnerCase[]): string {
  const names = new Set(taken.map((each) => each.name));
  if (!names.has(name)) return name;
  for (let n = 2; ; n++) if (!names.has(`${name} (${n})`)) return `${name} (${n})`;
}

/** Whether a case is one of this name's, numbered or not. */
export function isNamed(found: RunnerCase, name: string): boolean {
  return (
    found.name === name || (found.name.startsWith(`${name} (`) && /^ \(\d+\)$/.test(found.name.slice(name.length)))
  );
}
