import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../api/errors.ts';

/** Why the system refused, in words: `no space left on device`; whatever else was thrown, its message. */
export function reasonOf(error: unknown): string {
  // By name: some of Node's errors have a number that is none of the system's.
  const name = error instanceof Error && 'errno' in error && 'code' in error ? error.code : undefined;
  const known = [...getSystemErrorMap().values()].find(([each]) => each === name);
  return known === undefined || name === 'UNKNOWN' ? messageOf(error) : known[1];
}

/** Whether the system refused with one of these codes, for instance `ENOENT`; also when it is the cause of the error. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error ? codes.includes(String(error.code)) : isCode(error.cause, ...codes);
}
