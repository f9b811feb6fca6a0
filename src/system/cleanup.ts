import { messageOf } from '../api/errors.ts';

/**
 * Runs `body`, then `last` whatever happened; `last` is told the body's error. One error is rethrown as it is,
 * two are kept together with the body's first.
 */
export async function always<T>(body: () => Promise<T>, last: (error: unknown) => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await body();
  } catch (error) {
    try {
      await last(error);
    } catch (also) {
      throw both(error, also);
    }
    throw error;
  }
  await last(undefined);
  return result;
}

/** Two errors as one, in order; aggregates are flattened. */
export function both(first: unknown, second: unknown): AggregateError {
  const errors = [first, second].flatMap((error) => (error instanceof AggregateError ? error.errors : [error]));
  return new AggregateError(errors, errors.map(messageOf).join('; also: '));
}
