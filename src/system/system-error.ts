import { getSystemErrorMessage } from 'node:util';
import { messageOf } from '../api/errors.ts';

/** Why the system refused, in words: `no space left on device`; whatever else was thrown, its message. */
export function reasonOf(error: unknown): string {
  // Errors that node makes itself have the number without its sign, and a sentence.
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number' && error.errno < 0) {
    return getSystemErrorMessage(error.errno) ?? error.message;
  }
  return messageOf(error);
}

/** Whether the system refused with one of these codes, for instance `ENOENT`. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
