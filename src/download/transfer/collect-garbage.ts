import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects young garbage after each so many bytes. */
const EVERY = 3 << 20;
/** Collects all garbage once so many bytes more are held outside of the heap. */
const MORE = 8 << 20;

/**
 * Keeps memory flat while bytes stream through: call the result with the size of each chunk. A socket's reads are each
 * a buffer of their own, outside the heap whose growth makes the engine collect, so a fast download piles up a hundred
 * megabytes of dead ones. A young collection takes a millisecond or two, and recycled memory more than repays it. What
 * waited long enough to count as old is left by it: a whole collection follows where that adds up.
 */
export function openSweep(): (bytes: number) => void {
  const collect = collector();
  let since = 0;
  let most: number | undefined;
  return (bytes) => {
    since += bytes;
    if (since < EVERY) return;
    since = 0;
    // What the last collection has freed is gone by now: it takes threads of its own a moment.
    const now = outside();
    most ??= now + MORE;
    collect?.({ type: 'minor' });
    if (now < most) return;
    collect?.({ type: 'major' });
    most = undefined;
  };
}

/** The chunks, each of memory of its own, swept away behind their reader. */
export async function* swept(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const sweep = openSweep();
  for await (const chunk of chunks) {
    yield chunk;
    sweep(chunk.length);
  }
}

/** Bytes of buffers, dead ones included. */
const outside = (): number => getHeapStatistics().external_memory;

type Collect = (options: { readonly type: 'minor' | 'major' }) => void;

/** Undefined where the engine does not offer it. */
function collector(): Collect | undefined {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  // So little is alive that to share the work between threads costs more than the work.
  setFlagsFromString('--no-parallel-scavenge');
  return typeof collect === 'function' ? (collect as Collect) : undefined;
}
