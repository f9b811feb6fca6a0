import { randomUUID } from 'node:crypto';
import { formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { waitUntil } from '../system/wait.ts';
import type { LeaseSettings } from './flags.ts';
import { logFile, pidFile, readOrder, readText, withdrawOrder, writeOrder } from './keeper-order.ts';
import type { Lease } from './lease.ts';
import { recallLease } from './lease-record.ts';

/** How long a keeper may take to renew the lease for the first time, in milliseconds. */
const HANDOVER = 20_000;

/**
 * Leaves a lease to a small process of its own, for the time between this call and the one that tears the cluster
 * down. Resolves when the keeper has renewed it once; until then this process does.
 * Throws RunError when nothing is recorded about the lease or the keeper does not start; then the lease is still ours.
 */
export async function leaveToKeeper(
  run: Run,
  lease: Lease,
  settings: LeaseSettings,
  signal: AbortSignal,
): Promise<void> {
  if (lease.gone) return await lease.release(signal);
  const facts = recallLease(run, settings);
  if (facts === undefined)
    throw new RunError(`cannot leave the lease of ${lease.name} to a keeper: the run has no record of it`);
  if (settings.interval === 0 || settings.keepFor === 0) return leaveAlone(run, lease);

  const id = randomUUID();
  const { interval, keepFor } = settings;
  await writeOrder(run.dir, { ...facts, id, interval, keepFor });
  try {
    await run.exec(inBackground([...run.program.self, 'keep-lease', run.dir], logFile(run.dir)), {
      signal,
      leaveBehind: true,
    });
    await waitForKeeper(run.dir, id, signal);
  } catch (error) {
    await withdrawOrder(run.dir);
    signal.throwIfAborted();
    throw new RunError(
      `cannot start the keeper of ${lease.name}, so Boskos' reaper will take it back: ${messageOf(error)}; see ${logFile(run.dir)}`,
      { cause: error },
    );
  }
  await lease.stop();
  run.log.info(
    `A background process renews the lease of ${lease.name} for ${formatDuration(keepFor)} (--boskos-keep-for); --down releases it`,
  );
}

/** Stops the keeper of a run, if there is one, and waits until it has. It releases nothing. */
export async function stopKeeper(runDir: string, signal: AbortSignal): Promise<void> {
  await withdrawOrder(runDir);
  const gone = async () => ((await readText(pidFile(runDir))) === undefined ? true : undefined);
  try {
    await waitUntil(gone, { every: 100, signal: AbortSignal.any([signal, AbortSignal.timeout(3000)]) });
  } catch {
    // A keeper that was killed leaves its file behind.
    signal.throwIfAborted();
  }
}

/** Starts a program in the background, its output appended to a file. The shell exits at once; without the file it fails. */
const inBackground = (argv: readonly string[], log: string): readonly string[] => [
  'sh',
  '-c',
  'exec >>"$0" 2>&1 </dev/null; "$@" &',
  log,
  ...argv,
];

async function leaveAlone(run: Run, lease: Lease): Promise<void> {
  await lease.stop();
  run.log.warn(`The lease of ${lease.name} is no longer renewed: Boskos' reaper will take it back`);
}

async function waitForKeeper(runDir: string, id: string, signal: AbortSignal): Promise<void> {
  const holds = async () => {
    if ((await readText(pidFile(runDir)))?.includes(id)) return true;
    // A keeper that gives up removes its order.
    if ((await readOrder(runDir))?.id !== id) throw new RunError('the keeper exited');
    return undefined;
  };
  await waitUntil(holds, { every: 50, signal: AbortSignal.any([signal, AbortSignal.timeout(HANDOVER)]) });
}
