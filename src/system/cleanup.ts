import { messageOf } from '../api/errors.ts';

/**
 * Runs `body`, then `last` even when `body` throws; `last` gets the error of `body`, if any. One error is rethrown as it
 * is, two become an AggregateError, the body's first.
 */
export async function always<T>(body: () => Promise<T>, last: (error: unknown) => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    try {
      await last(error);
    } catch (also) {
      throw combineErrors(error, also);
    }
    throw error;
  }
  await last(undefined);
  return result;
}

/** Two errors as one, in order; aggregates are flattened. */
export function combineErrors(first: unknown, second: unknown): AggregateError {
  const errors = [first, second].flatMap((error) => (error instanceof AggregateError ? error.errors : [error]));
  return new AggregateError(errors, errors.map(messageOf).join('; also: '));
}
