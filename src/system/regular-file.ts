import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { RunError } from '../api/errors.ts';
import { reasonOf } from './system-error.ts';

/** The largest record, configuration or kubeconfig that is read whole. Bytes. */
export const LARGEST_TEXT = 16 << 20;

export interface ReadOptions {
  /** Bytes; a larger file is refused. Default: 16 MiB. */
  readonly limit?: number;
  /** Whether a symbolic link is followed. Default: false, since what tests and tools leave may link anywhere. */
  readonly followLinks?: boolean;
}

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

/** Not blocking: a named pipe without a writer would keep the open waiting for ever. */
const flagsFor = ({ followLinks = false }: ReadOptions): number =>
  O_RDONLY | O_NONBLOCK | (followLinks ? 0 : O_NOFOLLOW);

/**
 * Opens a file that a test, a tool or another user may have put there: only a regular one. The caller closes it.
 * Throws RunError with the path and the reason; what the system said is its cause.
 */
export async function openRegular(path: string, options: ReadOptions = {}): Promise<FileHandle> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, flagsFor(options));
    refuse(await handle.stat(), options);
    return handle;
  } catch (error) {
    await handle?.close();
    throw unreadable(path, error);
  }
}

/** The whole text of a regular file. Throws RunError as `openRegular` does, and the signal's reason when it aborts. */
export async function readRegular(path: string, signal: AbortSignal, options: ReadOptions = {}): Promise<string> {
  const handle = await openRegular(path, options);
  try {
    return await handle.readFile({ encoding: 'utf8', signal });
  } catch (error) {
    signal.throwIfAborted();
    throw unreadable(path, error);
  } finally {
    await handle.close();
  }
}

/** The same at once, for this program's own small records. */
export function readRegularSync(path: string, options: ReadOptions = {}): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, flagsFor(options));
    const stat = fstatSync(fd);
    refuse(stat, options);
    const bytes = Buffer.alloc(stat.size);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
      count = readSync(fd, bytes, filled, bytes.length - filled, null);
    }
    return bytes.toString('utf8', 0, filled);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function refuse(stat: Stats, { limit = LARGEST_TEXT }: ReadOptions): void {
  if (!stat.isFile()) throw new Error(`it is ${kindOf(stat)}, not a regular file`);
  if (stat.size > limit) throw new Error(`it has ${stat.size} bytes, more than the ${limit} that are read`);
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a named pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function unreadable(path: string, cause: unknown): RunError {
  const isLink = cause instanceof Error && 'code' in cause && cause.code === 'ELOOP';
  return new RunError(`cannot read ${path}: ${isLink ? 'it is a symbolic link' : reasonOf(cause)}`, { cause });
}
