/** What a few workers at once may have in hand. Large enough to keep a connection busy, small enough for flat memory. */
const WIDTH = 12;

/**
 * Does something with each item, a few at a time. When one fails the others are stopped and waited for, and its error
 * is thrown; so is the signal's reason.
 */
export async function eachInParallel<T>(
  items: Iterable<T>,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  width = WIDTH,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      either.throwIfAborted();
      await work(next.value, either);
    }
  };
  const workers = Array.from({ length: width }, async () => {
    try {
      await worker();
    } catch (error) {
      failed.abort(error);
    }
  });
  await Promise.all(workers);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
}
