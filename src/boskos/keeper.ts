import { randomUUID } from 'node:crypto';
import { formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import type { Run } from '../api/run.ts';
import { waitUntil } from '../system/wait.ts';
import type { LeaseSettings } from './flags.ts';
import { logFile, pidFile, readOrder, readText, withdrawOrder, writeOrder } from './keeper-order.ts';
import type { Lease } from './lease.ts';
import { recallLease } from './lease-record.ts';

/** How long a keeper may take to hold, or to let go, in milliseconds. */
const HANDOVER = 20_000;

/**
 * Leaves a lease to a small process of its own, for the time between this call and the one that takes the cluster
 * down. Resolves when the keeper's first heartbeat arrived; until then this process beats on.
 * Throws RunError when there is nothing to hold with or the keeper does not come up; then the lease is still ours.
 */
export async function leaveToKeeper(
  run: Run,
  lease: Lease,
  settings: LeaseSettings,
  signal: AbortSignal,
): Promise<void> {
  if (lease.gone) return await lease.release(signal);
  const facts = recallLease(run);
  if (facts === undefined)
    throw new RunError(`nothing is written down about ${lease.name}: it cannot be left to a keeper`);
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
      `no keeper holds ${lease.name}, so Boskos takes it back when its reaper comes by: ${messageOf(error)}; see ${logFile(run.dir)}`,
      { cause: error },
    );
  }
  await lease.stop();
  run.log.info(
    `a process in the background holds ${lease.name} for ${formatDuration(keepFor)} (--boskos-keep-for); --down gives it back`,
  );
}

/** Ends the keeper of a run, if there is one, and waits until it has let go. It gives nothing back. */
export async function stopKeeper(runDir: string, signal: AbortSignal): Promise<void> {
  await withdrawOrder(runDir);
  const gone = async () => ((await readText(pidFile(runDir))) === undefined ? true : undefined);
  try {
    await waitUntil(gone, { every: 100, signal: AbortSignal.any([signal, AbortSignal.timeout(3000)]) });
  } catch {
    // A keeper that was killed leaves its file behind. One that hangs is told by Boskos that the lease is not its own.
    signal.throwIfAborted();
  }
}

/** The words that start a program which lives on, its output at the end of a file. The shell ends at once; without the file it fails. */
const inBackground = (argv: readonly string[], log: string): readonly string[] => [
  'sh',
  '-c',
  'exec >>"$0" 2>&1 </dev/null; "$@" &',
  log,
  ...argv,
];

async function leaveAlone(run: Run, lease: Lease): Promise<void> {
  await lease.stop();
  run.log.warn(`nothing holds ${lease.name} from now on: Boskos takes it back when its reaper comes by`);
}

async function waitForKeeper(runDir: string, id: string, signal: AbortSignal): Promise<void> {
  const holds = async () => {
    if ((await readText(pidFile(runDir)))?.includes(id)) return true;
    // A keeper that gives up takes its order away.
    if ((await readOrder(runDir))?.id !== id) throw new RunError('the keeper ended');
    return undefined;
  };
  await waitUntil(holds, { every: 50, signal: AbortSignal.any([signal, AbortSignal.timeout(HANDOVER)]) });
}
