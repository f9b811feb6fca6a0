import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/**
 * One of our own output streams as it is given to a child to write to. A file takes a flood as fast from the child as from
 * us only if we are not in between, and what was written can be read from it afterwards.
 */
export interface Handover {
  readonly descriptor: number;
  /** What was written since, by whom ever: its last `limit` bytes. To be called once; it ends the handover. */
  finish(limit: number): Uint8Array;
}

/** Hands over a stream that is a file which can be read back; undefined when it is something else. */
export function handOver(stream: NodeJS.WritableStream): Handover | undefined {
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
      // A file that got shorter was emptied meanwhile, by a log rotation for instance.
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

/** Where the next byte goes. Throws where /proc does not tell. */
function position(descriptor: number): number {
  const facts = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
  const [, pos] = /^pos:\s*(\d+)$/m.exec(facts) ?? [];
  const [, flags] = /^flags:\s*([0-7]+)$/m.exec(facts) ?? [];
  if (pos === undefined || flags === undefined) throw new Error('no position');
  const appends = (Number.parseInt(flags, 8) & O_APPEND) !== 0;
  return appends ? fstatSync(descriptor).size : Number(pos);
}

/** Linux's, as /proc writes it; on other systems there is no /proc to ask. */
const O_APPEND = 0o2000;
