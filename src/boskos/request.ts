import { messageOf } from '../api/errors.ts';
import { boundedText } from '../http/bounded-text.ts';
import { monotonic } from '../system/clock.ts';
import { delay } from '../system/wait.ts';
import { type BoskosServer, callUrl, credentials } from './server.ts';

/** Boskos answered with an error. */
export class BoskosRefusal extends Error {
  override readonly name = 'BoskosRefusal';
  /** The HTTP status, 400 to 599. */
  readonly status: number;
  /** The server's message. */
  readonly said: string;

  constructor(call: string, server: BoskosServer, status: number, said: string) {
    super(`Boskos at ${server.location} answered ${call} with ${status}${said === '' ? '' : `: ${said}`}`);
    this.status = status;
    this.said = said;
  }
}

/** No answer arrived; whether the server did what was asked is unknown. */
export class BoskosUnreachable extends Error {
  override readonly name = 'BoskosUnreachable';
}

/** How long to wait between two tries of a call, in milliseconds. */
export interface Pace {
  /** The first wait after a failure; doubled each time. */
  readonly first: number;
  readonly longest: number;
  /** Between two questions for a free resource. */
  readonly poll: number;
  /** For one answer. */
  readonly answer: number;
}

export const PACE: Pace = { first: 1000, longest: 15_000, poll: 3000, answer: 30_000 };

/** One call of the API: all parameters are in the query, errors come as plain text. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called for each failed attempt that is retried. */
  readonly onRetry?: (error: Error) => void;
  /**
   * Milliseconds that an answer under way is waited for once the signal aborted: for a call whose effect must be known.
   * An answer that comes in that time is returned as if nothing had happened.
   */
  readonly linger?: number;
}

/**
 * Makes a call until there is an answer, for at most `patience` milliseconds beyond the first try. 4xx is an answer;
 * 5xx, 408, 429 and a broken connection are retried.
 * Throws BoskosRefusal, BoskosUnreachable, or the signal's reason.
 */
export async function request(
  server: BoskosServer,
  call: Call,
  { patience, pace, signal }: { patience: number; pace: Pace; signal: AbortSignal },
): Promise<string> {
  const started = monotonic();
  for (let wait = pace.first; ; wait = Math.min(wait * 2, pace.longest)) {
    signal.throwIfAborted();
    const failure = await tryOnce(server, call, pace, signal);
    if (typeof failure === 'string') return failure;
    if (!isPassing(failure)) throw failure;
    const left = patience - (monotonic() - started);
    if (left <= 0) throw failure;
    call.onRetry?.(failure);
    await delay(Math.min(wait, left), signal);
  }
}

/** The body of the answer, or what went wrong. Throws the signal's reason alone. */
async function tryOnce(
  server: BoskosServer,
  call: Call,
  pace: Pace,
  signal: AbortSignal,
): Promise<string | BoskosRefusal | BoskosUnreachable> {
  const headers = await credentials(server);
  using cut = abortAfter(signal, call.linger ?? 0);
  try {
    const response = await fetch(callUrl(server, call.path, call.query), {
      method: call.method,
      headers: call.body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(call.body === undefined ? {} : { body: call.body }),
      signal: AbortSignal.any([cut.signal, AbortSignal.timeout(pace.answer)]),
    });
    const answer = await boundedText(response.body);
    if (response.ok) return answer;
    return new BoskosRefusal(call.path, server, response.status, answer.trim().slice(0, 500));
  } catch (error) {
    signal.throwIfAborted();
    return new BoskosUnreachable(`no answer from Boskos at ${server.location} to ${call.path}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

/** A signal that aborts `ms` milliseconds after another. */
function abortAfter(signal: AbortSignal, ms: number): Disposable & { signal: AbortSignal } {
  if (ms === 0) return { signal, [Symbol.dispose]: () => undefined };
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => controller.abort(signal.reason), ms);
  };
  signal.addEventListener('abort', start, { once: true });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', start);
      clearTimeout(timer);
    },
  };
}

/** True when a retry may succeed. */
function isPassing(failure: BoskosRefusal | BoskosUnreachable): boolean {
  return failure instanceof BoskosUnreachable || failure.status >= 500 || [408, 429].includes(failure.status);
}

/** The cause of `fetch failed`, which says nothing by itself. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause instanceof Error && messageOf(cause) !== '' ? cause : error);
}
