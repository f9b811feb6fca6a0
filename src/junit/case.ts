/** A case of `junit_runner.xml`, with texts that are cleaned and limited in size. */
export interface RunnerCase {
  /** Unique in the file. */
  readonly name: string;
  readonly seconds: number;
  readonly failure?: { readonly message: string; readonly text: string };
  readonly skipped?: string;
  readonly output?: string;
}

/** The message of a case whose step is running. A file that still has it was left by a killed run. */
export const NOT_FINISHED = 'not finished';

/** The case of a step that starts now. */
export function unfinished(name: string): RunnerCase {
  const text = `${NOT_FINISHED}: the step was running when this file was written; if the run is over, it was killed during this step`;
  return { name, seconds: 0, failure: { message: NOT_FINISHED, text } };
}

/** Whether another attempt of the same step replaces a case. */
export function isReplaceable({ failure, skipped }: RunnerCase): boolean {
  return failure?.message === NOT_FINISHED || skipped !== undefined;
}

/**
 * The name of a further case: `Test`, then `Test (2)` … One name that both passed and failed would count as a flake.
 */
export function freeName(name: string, taken: readonly RunnerCase[]): string {
  const names = new Set(taken.map((each) => each.name));
  if (!names.has(name)) return name;
  for (let n = 2; ; n++) if (!names.has(`${name} (${n})`)) return `${name} (${n})`;
}

/** Whether a case has this name, numbered or not. */
export function isNamed(found: RunnerCase, name: string): boolean {
  return (
    found.name === name || (found.name.startsWith(`${name} (`) && /^ \(\d+\)$/.test(found.name.slice(name.length)))
  );
}
