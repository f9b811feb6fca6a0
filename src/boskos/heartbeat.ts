import { formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { monotonic } from '../system/clock.ts';
import { delay } from '../system/wait.ts';
import { type Boskos, isGone } from './client.ts';
import type { OnLost } from './flags.ts';

/** What renewing a lease takes. */
export interface Heart {
  readonly boskos: Boskos;
  readonly name: string;
  /** Milliseconds between beats; each comes up to a tenth early, so that many runs do not beat in step. */
  readonly interval: number;
  /** Milliseconds without a beat that arrived until the resource counts as lost. */
  readonly budget: number;
  readonly onLost: OnLost;
  readonly log: Log;
  /** Called once, when the resource is lost. `gone` is true when Boskos said so itself. */
  readonly lost: (reason: RunError, gone: boolean) => void;
}

/** Boskos' reaper takes what was not updated for 30 minutes; the budget ends a little before. */
const REAPED_AFTER = 25 * 60_000;

/** The error budget that goes with an interval: it allows for one failed beat at least. */
export const budgetFor = (interval: number): number => Math.max(REAPED_AFTER, interval * 2);

/** Beats until the signal aborts or Boskos says that the resource is not ours. Never throws. */
export async function keepBeating(heart: Heart, signal: AbortSignal): Promise<void> {
  let arrived = monotonic();
  let reported = false;
  while (await pause(heart.interval * (1 - Math.random() / 10), signal)) {
    const error = await beat(heart, signal);
    if (signal.aborted) return;
    if (error === undefined) {
      if (monotonic() - arrived > heart.interval * 2)
        heart.log.info(`Renewing the lease of ${heart.name} succeeds again`);
      arrived = monotonic();
      continue;
    }
    if (isGone(error)) return heart.lost(lostError(heart.name, messageOf(error), error), true);
    const silence = monotonic() - arrived;
    heart.log.warn(
      `Renewing the lease of ${heart.name} failed (${messageOf(error)}); ` +
        `the last success was ${formatDuration(Math.round(silence / 1000) * 1000)} ago`,
    );
    if (silence < heart.budget || reported) continue;
    reported = true;
    heart.lost(
      lostError(heart.name, `no renewal succeeded for ${formatDuration(Math.round(silence / 1000) * 1000)}`, error),
      false,
    );
    if (heart.onLost === 'abort') return;
  }
}

async function beat({ boskos, name, interval }: Heart, signal: AbortSignal): Promise<unknown> {
  try {
    await boskos.update(name, 'busy', { patience: interval / 2, signal });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** False when the wait was cut short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, signal);
    return true;
  } catch {
    return false;
  }
}

const lostError = (name: string, why: string, cause: unknown): RunError =>
  new RunError(`${name} is no longer ours: ${why}`, { cause });
