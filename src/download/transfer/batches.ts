/** Large enough that a trip to another thread for each costs little. */
const BATCH = 256 << 10;

/**
 * Gathers chunks, which sockets give in small and ever new buffers, into two buffers that take turns: `take` gets one
 * while the other is filled. A buffer is good until the promise for it resolves.
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
    // Whoever awaits it next hears of a failure; until then it is nobody's oversight.
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
