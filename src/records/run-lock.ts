import { UsageError } from '../api/errors.ts';
import { acquireLock, type Lock, LockedError } from '../system/lock.ts';
import type { RunPaths } from './paths.ts';

/**
 * Makes this process the only one at work on a run, until disposed. The lock of a dead process is taken over.
 * Throws UsageError with the other one's pid while it is alive, and the signal's reason when the signal aborts.
 */
export async function lockRun({ lock, runDir }: Pick<RunPaths, 'lock' | 'runDir'>, signal: AbortSignal): Promise<Lock> {
  try {
    return await acquireLock(lock, { signal, wait: false });
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new UsageError(
      `process ${error.pid} is running this run (${runDir}); wait for it, stop it, or start another run with --run-id`,
      { cause: error },
    );
  }
}
