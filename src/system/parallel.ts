/** Items processed at once: enough to keep a connection busy, few enough for flat memory. */
const CONCURRENCY = 12;

/**
 * Processes each item, a few at a time. When one fails the others are stopped and awaited, and its error is thrown. Throws
 * the signal's reason when it aborts.
 */
export async function eachInParallel<T>(
  items: Iterable<T>,
  signal: AbortSignal,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  concurrency = CONCURRENCY,
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
  const workers = Array.from({ length: concurrency }, async () => {
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
