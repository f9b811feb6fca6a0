import { hrtime } from 'node:process';

/**
 * Milliseconds on a clock that never goes back; only their differences mean something. Node's `performance` tells the
 * same, and to load it takes a twentieth of a start.
 */
export function monotonic(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
