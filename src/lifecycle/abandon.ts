import { formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';

export interface AbandonOptions {
  /** The step, for messages. */
  readonly name: string;
  /** Aborts when the step has to stop. */
  readonly signal: AbortSignal;
  /** Milliseconds that the step may take to stop once its signal aborts. */
  readonly grace: number;
  /** Aborts when the step cannot settle any more, or must not be waited for: with the reason. */
  readonly now: AbortSignal;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * What comes of a step; or, when it does not stop in time after its signal aborted, an error that names it and has the
 * abort's reason as its cause. The step is not waited for then, and a later failure of it is logged.
 */
export async function untilAbandoned<T>(work: Promise<T>, options: AbandonOptions): Promise<T> {
  const { name, signal, grace, now, log } = options;
  const { promise: abandoned, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const startTimer = (): void => {
    timer ??= setTimeout(() => {
      const waited = formatDuration(Math.round(grace / 1000) * 1000);
      reject(
        new RunError(
          `${name} did not stop within ${waited} of its abort (${messageOf(signal.reason)}); continuing without it`,
          {
            cause: signal.reason,
          },
        ),
      );
    }, grace);
  };
  const stopNow = (): void => reject(now.reason);
  if (signal.aborted) startTimer();
  signal.addEventListener('abort', startTimer);
  if (now.aborted) stopNow();
  now.addEventListener('abort', stopNow);
  try {
    return await Promise.race([work, abandoned]);
  } catch (error) {
    work.catch((late: unknown) => {
      if (late !== error) log.warn(`${name} ended after the run had continued without it: ${messageOf(late)}`);
    });
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', startTimer);
    now.removeEventListener('abort', stopNow);
  }
}
