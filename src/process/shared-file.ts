import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/**
 * One of our own output streams that is a file, passed to a child to write to directly: that is faster than a pipe, and
 * what was written can be read from the file afterwards.
 */
export interface SharedFile {
  readonly descriptor: number;
  /** The last `limit` bytes written since, by any process. Call it once; it closes the file. */
  finish(limit: number): Uint8Array;
}

/** Shares a stream that is a file which can be read back; undefined for any other stream. */
export function shareFile(stream: NodeJS.WritableStream): SharedFile | undefined {
  if (!('fd' in stream) || typeof stream.fd !== 'number' || !stream.writable) return undefined;
  const descriptor = stream.fd;
  let readable: number;
  let start: number;
  try {
    if (!fstatSync(descriptor).isFile()) return undefined;
    start = position(descriptor);
    readable = openSync(`/proc/self/fd/${descriptor}`, 'r');
  } catch {
    return undefined;
  }
  const finish = (limit: number): Uint8Array => {
    try {
      const end = position(descriptor);
      // A shorter file has been truncated, by a log rotation for instance.
      const from = Math.max(end < start ? 0 : start, end - limit);
      const bytes = Buffer.alloc(Math.max(0, end - from));
      return bytes.subarray(0, readSync(readable, bytes, 0, bytes.length, from));
    } catch {
      return new Uint8Array();
    } finally {
      closeSync(readable);
    }
  };
  return { descriptor, finish };
}

/** The offset of the next write. Throws where /proc does not have it. */
function position(descriptor: number): number {
  const facts = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
  const [, pos] = /^pos:\s*(\d+)$/m.exec(facts) ?? [];
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(facts) ?? [];
  if (pos === undefined || flags === undefined) throw new Error('no position');
  const appends = (Number.parseInt(flags, 8) & O_APPEND) !== 0;
  return appends ? fstatSync(descriptor).size : Number(pos);
}

/** As Linux shows it in /proc; other systems have no /proc. */
const O_APPEND = 0o2000;
