/** Large enough that passing each batch to another thread costs little. Bytes. */
const BATCH = 256 << 10;

/**
 * Collects small chunks in two alternating buffers: `take` gets one while the other is filled. A buffer is valid until
 * the promise of `take` resolves.
 */
export async function inBatches(
  chunks: AsyncIterable<Uint8Array>,
  take: (batch: Uint8Array) => Promise<void>,
): Promise<void> {
  let filling = new Uint8Array(BATCH);
  let taking = new Uint8Array(BATCH);
  let taken: Promise<void> = Promise.resolve();
  let filled = 0;
  const turn = async (): Promise<void> => {
    await taken;
    taken = take(filling.subarray(0, filled));
    // A failure is thrown by the next await; until then it must not count as unhandled.
    taken.catch(() => undefined);
    [filling, taking] = [taking, filling];
    filled = 0;
  };
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + BATCH - filled);
      filling.set(piece, filled);
      filled += piece.length;
      at += piece.length;
      if (filled === BATCH) await turn();
    }
  }
  if (filled > 0) await turn();
  await taken;
}
