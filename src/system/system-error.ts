import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../api/errors.ts';

/** The reason of a system error in words, for instance `no space left on device`; of any other error its message. */
export function reasonOf(error: unknown): string {
  // By name: some of Node's errors have a number that is not the system's.
  const name = error instanceof Error && 'errno' in error && 'code' in error ? error.code : undefined;
  const known = [...getSystemErrorMap().values()].find(([each]) => each === name);
  return known === undefined || name === 'UNKNOWN' ? messageOf(error) : known[1];
}

/** Whether an error, or its cause, has one of these system error codes, for instance `ENOENT`. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error ? codes.includes(String(error.code)) : isCode(error.cause, ...codes);
}

/** What an action gives; one that met an I/O error is tried once more, since a cluster may depend on what it reads. */
export function twice<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isCode(error, 'EIO')) throw error;
    return action();
  }
}
