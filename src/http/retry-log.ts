import type { Log } from '../api/log.ts';
import type { RecordsAccess } from '../api/run.ts';
import { monotonic } from '../system/clock.ts';
import type { Retry } from './retry.ts';

/** Retries of one thing that are logged one by one; later ones once a minute. */
const LOGGED = 2;
/** Milliseconds between two later lines. */
const INTERVAL = 60_000;

/** Logs retries and records each as an event `retry`, with what, try, of, delay in milliseconds, and cause. */
export function tellRetries(world: {
  readonly log: Log;
  readonly records: Pick<RecordsAccess, 'event'>;
}): (retry: Retry) => void {
  const seen = new Map<string, { count: number; logged: number }>();
  return ({ what, attempt, of, delay, cause }) => {
    world.records.event('retry', { what, try: attempt, of, delay: Math.round(delay), cause });
    const entry = seen.get(what) ?? { count: 0, logged: 0 };
    seen.set(what, entry);
    entry.count += 1;
    if (entry.count > LOGGED && monotonic() - entry.logged < INTERVAL) return;
    entry.logged = monotonic();
    world.log.warn(`${cause}; retry ${attempt} of ${of} in ${(delay / 1000).toFixed(1)}s`);
  };
}
