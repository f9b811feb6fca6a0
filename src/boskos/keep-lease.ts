import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDuration } from '../api/duration.ts';
import { messageOf } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { readState } from '../records/state.ts';
import { monotonic } from '../system/clock.ts';
import { delay } from '../system/wait.ts';
import { Boskos } from './client.ts';
import { type KeeperOrder, pidFile, readOrder, readText, removeOrder, WITHDRAWN } from './keeper-order.ts';
import { Lease } from './lease.ts';
import type { Pace } from './request.ts';

/** How long the first heartbeat is tried, in milliseconds. */
const FIRST_BEAT = 10_000;

/** What a keeper needs of the world. */
export interface KeeperWorld {
  readonly pid: number;
  readonly log: Log;
  /** Aborts when a signal tells the keeper to stop. */
  readonly signal: AbortSignal;
  readonly pace?: Pace;
}

/**
 * The keeper: `keep-lease RUNDIR`, started by a run that ends without tearing its cluster down. Renews the lease of the
 * order in the run directory until the order is withdrawn (a later call takes over), the time is up or the run is torn
 * down (the resource is released), or the lease is lost. Returns the exit code.
 */
export async function keepLease(args: readonly string[], world: KeeperWorld): Promise<number> {
  const [runDir] = args;
  const order = runDir === undefined ? undefined : await readOrder(runDir);
  if (runDir === undefined || order === undefined || order.id === WITHDRAWN) {
    world.log.error(`keep-lease RUNDIR: there is no lease to keep${runDir === undefined ? '' : ` in ${runDir}`}`);
    return 2;
  }
  const lease = new Lease({ ...order, onLost: 'abort', boskos: new Boskos(order, world.pace), log: world.log });
  try {
    await lease.confirm(FIRST_BEAT, world.signal);
    await writeFile(pidFile(runDir), `${world.pid}\n${order.id}\n`);
    world.log.info(`Renewing the lease of ${order.name} for ${formatDuration(order.keepFor)}`);
    const why = await hold(runDir, order, lease, world);
    await lease.stop();
    if (why.release) await lease.release(AbortSignal.timeout(120_000));
    world.log.info(why.said);
    return why.code;
  } catch (error) {
    world.log.error(messageOf(error));
    return 1;
  } finally {
    await lease.stop();
    await leave(runDir, order);
  }
}

interface End {
  readonly said: string;
  readonly release: boolean;
  readonly code: number;
}

/** Waits for the end, checking twice a second. */
async function hold(runDir: string, order: KeeperOrder, lease: Lease, world: KeeperWorld): Promise<End> {
  const signal = AbortSignal.any([world.signal, lease.lost]);
  const until = monotonic() + order.keepFor;
  for (;;) {
    const now = await readOrder(runDir);
    if (now === undefined) return { said: 'The run directory is gone', release: true, code: 0 };
    if (now.id !== order.id) return { said: 'A later call takes over', release: false, code: 0 };
    if (await isTornDown(runDir)) return { said: 'The run is torn down', release: true, code: 0 };
    if (monotonic() >= until) return { said: 'The time of --boskos-keep-for is up', release: true, code: 0 };
    try {
      await delay(Math.max(1, Math.min(500, until - monotonic())), signal);
    } catch {
      if (lease.lost.aborted) return { said: messageOf(lease.lost.reason), release: !lease.gone, code: 1 };
      // The cluster still exists and may be in use: the next call of the run decides.
      return {
        said: `Stopped (${messageOf(world.signal.reason)}): the lease of ${lease.name} is no longer renewed`,
        release: false,
        code: 0,
      };
    }
  }
}

/** True once the run's state says that nothing needs the resource any more. */
function isTornDown(runDir: string): boolean {
  try {
    return readState(join(runDir, 'state.json'))?.tornDown ?? false;
  } catch {
    // The next call reports a state that cannot be read; until then the lease is renewed.
    return false;
  }
}

/** Removes what this keeper wrote, and nothing of one that came after it. */
async function leave(runDir: string, order: KeeperOrder): Promise<void> {
  if ((await readText(pidFile(runDir)))?.includes(order.id)) await rm(pidFile(runDir), { force: true });
  if ((await readOrder(runDir))?.id === order.id) await removeOrder(runDir);
}
