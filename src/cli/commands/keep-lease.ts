import { openLog } from '../../logging/open-log.ts';
import { listenToSignals } from '../../runtime/signals.ts';
import type { World } from '../../runtime/world.ts';

/** `keep-lease RUNDIR`: the keeper of a lease, started by this program itself after `--up` without `--down`. */
export async function keepLease(words: readonly string[], world: World): Promise<number> {
  const { env, stderr, pid } = world;
  const log = openLog({ format: 'auto', verbosity: 0, stderr, env, now: () => new Date(), pid });
  const keeper = await import('../../boskos/keep-lease.ts');
  using signals = listenToSignals(world.signals, log);
  return await keeper.keepLease(words, { pid, log, signal: signals.work });
}
