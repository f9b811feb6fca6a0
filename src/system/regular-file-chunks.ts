import type { FileHandle } from 'node:fs/promises';
import { RunError } from '../api/errors.ts';
import { openRegular, type ReadOptions } from './regular-file.ts';
import { reasonOf } from './system-error.ts';
import { abortable } from './wait.ts';

const CHUNK = 256 * 1024;

/**
 * The bytes of a regular file of any size, in chunks that are valid until the next one is asked for. A file that grows
 * meanwhile is read to the size that it had at first.
 * Throws the signal's reason as soon as it aborts, also while the disk does not answer, and RunError as `openRegular` does.
 */
export async function* regularFileChunks(
  path: string,
  signal: AbortSignal,
  options: Omit<ReadOptions, 'limit'> = {},
): AsyncGenerator<Uint8Array> {
  const handle = await opened(path, signal, options);
  try {
    const { size } = await abortable(handle.stat(), signal);
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
    for (let at = 0; at < size; ) {
      const room = Math.min(buffer.length, size - at);
      const { bytesRead } = await abortable(handle.read(buffer, 0, room, at), signal);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof RunError ? error : new RunError(`cannot read ${path}: ${reasonOf(error)}`, { cause: error });
  } finally {
    await closed(handle, signal);
  }
}

async function opened(path: string, signal: AbortSignal, options: Omit<ReadOptions, 'limit'>): Promise<FileHandle> {
  const opening = openRegular(path, { ...options, limit: Number.POSITIVE_INFINITY });
  try {
    return await abortable(opening, signal);
  } catch (error) {
    // A disk that answers later must not keep the file open.
    if (signal.aborted) opening.then(async (late) => await late.close()).catch(() => undefined);
    throw error;
  }
}

/** A disk that does not answer is not waited for when the reader was stopped. */
async function closed(handle: FileHandle, signal: AbortSignal): Promise<void> {
  const closing = handle.close().catch(() => undefined);
  if (!signal.aborted) await closing;
}
