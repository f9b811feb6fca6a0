import { messageOf, RunError } from '../api/errors.ts';
import { delay } from '../system/wait.ts';

/** Timeouts and retries of HTTP requests. Times are in milliseconds. */
export interface RetryPolicy {
  /** Timeout of connecting. */
  readonly connect: number;
  /** Timeout from the request to the response headers. */
  readonly headers: number;
  /** Timeout between two chunks of a body. */
  readonly idle: number;
  /** The first delay between attempts; it doubles up to `maxDelay`. */
  readonly delay: number;
  readonly maxDelay: number;
  /** Attempts without progress before the request fails. */
  readonly attempts: number;
  /** Called for each retry, before its delay. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
}

/** One attempt that follows a failed one. */
export interface Retry {
  /** The URL that failed, else the error's message. */
  readonly what: string;
  /** This attempt, from 2 on, of the attempts in a row without progress. */
  readonly attempt: number;
  readonly of: number;
  /** Milliseconds until then. */
  readonly delay: number;
  /** The message of the error. */
  readonly cause: string;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  connect: 10_000,
  headers: 30_000,
  idle: 30_000,
  delay: 500,
  maxDelay: 10_000,
  attempts: 6,
};

/** An attempt to fetch failed. */
export class FetchError extends RunError {
  override readonly name = 'FetchError';
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** The delay that the server asks for, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(
    message: string,
    fields: { status?: number | undefined; retryable: boolean; retryAfter?: number | undefined },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = fields.status;
    this.retryable = fields.retryable;
    this.retryAfter = fields.retryAfter;
  }
}

/** A server that asks for a longer delay counts as failed. Milliseconds. */
const MAX_RETRY_AFTER = 120_000;

/**
 * After a failed attempt: waits and returns, or throws the error when no retry is due.
 * `failures` counts attempts in a row without progress, this one included.
 */
export async function pauseOrThrow(
  error: unknown,
  failures: number,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (!(error instanceof FetchError) || !error.retryable) throw error;
  if (failures >= policy.attempts)
    throw new RunError(`${messageOf(error)} (gave up after ${failures} attempts)`, { cause: error });
  const { retryAfter = 0 } = error;
  if (retryAfter > MAX_RETRY_AFTER) throw error;
  const longest = Math.min(policy.delay * 2 ** (failures - 1), policy.maxDelay);
  const pause = Math.max(retryAfter, longest * (0.5 + Math.random() / 2));
  const cause = messageOf(error);
  const [what = cause] = /\b\w+:\/\/[^\s"',;)]+?(?=[:.]?(?:[\s"',;)]|$))/.exec(cause) ?? [];
  policy.onRetry?.({ what, attempt: failures + 1, of: policy.attempts, delay: pause, cause });
  await delay(pause, signal);
}

/** Repeats an attempt until it succeeds or `pauseOrThrow` throws. */
export async function retry<T>(attempt: () => Promise<T>, policy: RetryPolicy, signal: AbortSignal): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      await pauseOrThrow(error, failures, policy, signal);
    }
  }
}

/** The delay of a Retry-After header, which is in seconds or a date, in milliseconds. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
