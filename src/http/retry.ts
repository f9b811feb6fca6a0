import { messageOf, RunError } from '../api/errors.ts';
import { delay } from '../system/wait.ts';

/** How patient fetching is. All in milliseconds but the counts. */
export interface Pace {
  /** To a connection. */
  readonly connect: number;
  /** From the request to the answer's headers. */
  readonly headers: number;
  /** Between two pieces of a body. */
  readonly idle: number;
  /** The first pause between tries; it doubles up to `longest`. */
  readonly pause: number;
  readonly longest: number;
  /** Tries without a single new byte before giving up. */
  readonly tries: number;
}

export const DEFAULT_PACE: Pace = {
  connect: 10_000,
  headers: 30_000,
  idle: 30_000,
  pause: 500,
  longest: 10_000,
  tries: 6,
};

/** A try to fetch failed. */
export class FetchError extends RunError {
  override readonly name = 'FetchError';
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined;
  /** Whether the same request may succeed later. */
  readonly again: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly after: number | undefined;

  constructor(
    message: string,
    fields: { status?: number | undefined; again: boolean; after?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = fields.status;
    this.again = fields.again;
    this.after = fields.after;
  }
}

/** The longest wait a server can ask for before we call it a failure. */
const PATIENCE = 120_000;

/**
 * Decides what follows a failed try: pauses and returns, or throws what failed.
 * `failures` counts tries in a row without progress, this one included.
 */
export async function pauseOrThrow(error: unknown, failures: number, pace: Pace, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (!(error instanceof FetchError) || !error.again) throw error;
  if (failures >= pace.tries)
    throw new RunError(`${messageOf(error)} (gave up after ${failures} tries)`, { cause: error });
  const after = error.after ?? 0;
  if (after > PATIENCE) throw error;
  const longest = Math.min(pace.pause * 2 ** (failures - 1), pace.longest);
  await delay(Math.max(after, longest * (0.5 + Math.random() / 2)), signal);
}

/** Does something until it works or cannot. */
export async function retried<T>(attempt: () => Promise<T>, pace: Pace, signal: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      await pauseOrThrow(error, failures, pace, signal);
    }
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
