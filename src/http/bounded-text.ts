import { RunError } from '../api/errors.ts';

/** The largest answer of a server that is read whole, where nothing larger can be right. Bytes. */
export const LARGEST_ANSWER = 1 << 20;

/**
 * The text of a body, which the caller's signal bounds in time. Throws RunError when it is larger than `limit` bytes;
 * the rest is not read then.
 */
export async function boundedText(body: AsyncIterable<Uint8Array> | null, limit = LARGEST_ANSWER): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > limit) throw new RunError(`the answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
