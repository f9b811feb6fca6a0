import { formatDuration } from '../api/duration.ts';
import { causeOf, RunError } from '../api/errors.ts';
import { monotonic } from '../system/clock.ts';
import { delay } from '../system/wait.ts';
import { BoskosRefusal, PACE, type Pace, request } from './request.ts';
import type { BoskosServer } from './server.ts';

/** A resource that Boskos leases, as the server writes it. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly state: string;
  readonly owner: string;
}

/** How many resources of a type are in which state and with whom. */
export interface Metric {
  readonly type: string;
  readonly current: Readonly<Record<string, number>>;
  readonly owner: Readonly<Record<string, number>>;
}

export interface AcquireOptions {
  readonly type: string;
  /**
   * Gives the request a place in the server's queue, first come first served. The server forgets a request 30 seconds
   * after it was last repeated and has no call to withdraw one; the same id asked again keeps its place.
   */
  readonly requestId: string;
  /** Milliseconds to wait for one. 0 asks once. */
  readonly patience: number;
  readonly signal: AbortSignal;
  /** Whether the name of a resource can be used; another one is refused. Default: any. */
  readonly isName?: (name: string) => boolean;
  /** Called each time nothing is free, with the server's message. */
  readonly onWait?: (message: string) => void;
  /** Called for each attempt without an answer: the server may have leased a resource whose name is unknown. */
  readonly onLostAnswer?: (error: Error) => void;
}

/** How long an acquire under way is waited for when the run is stopped: what it leases has to be released. */
const LINGER = 5000;

/** Time for a call; `patience` is for retries, in milliseconds. */
export interface CallOptions {
  readonly patience: number;
  readonly signal: AbortSignal;
}

/**
 * The HTTP API of a Boskos server, for one owner. Every call throws BoskosRefusal for an error of the request (4xx, at
 * once), and BoskosRefusal or BoskosUnreachable when the server does not recover in time.
 */
export class Boskos {
  readonly server: BoskosServer;
  readonly #pace: Pace;

  constructor(server: BoskosServer, pace: Pace = PACE) {
    this.server = server;
    this.#pace = pace;
  }

  /**
   * Acquires a free resource, waiting for one. Throws RunError when none became free in time, the server has no
   * resource of the type, or its answer is not ours. May return although the signal aborted: then it must be released.
   */
  async acquire(options: AcquireOptions): Promise<Resource> {
    const started = monotonic();
    for (;;) {
      const left = Math.max(0, options.patience - (monotonic() - started));
      const found = await this.#askOnce(options, left);
      if (found instanceof BoskosRefusal) {
        if (monotonic() - started >= options.patience) throw await this.#nothingFree(options, found);
        options.onWait?.(found.said);
        await delay(Math.min(this.#pace.poll, options.patience - (monotonic() - started)), options.signal);
      } else return found;
    }
  }

  /** Renews the lease of a resource. 401: not the owner; 404: no such resource; 409: another state. */
  async update(name: string, state: string, options: CallOptions): Promise<void> {
    await this.#call('POST', 'update', { name, owner: this.server.owner, state }, options);
  }

  /** Releases a resource into a state. 401: not the owner; 404: no such resource. */
  async release(name: string, dest: string, options: CallOptions & { onRetry?: () => void }): Promise<void> {
    await this.#call('POST', 'release', { name, owner: this.server.owner, dest }, options, options.onRetry);
  }

  /**
   * Takes the resources of a type and state from owners who have not updated them for `expire` (a Go duration).
   * Returns each resource's name with its owner until now.
   */
  async reset(
    query: { type: string; state: string; dest: string; expire: string },
    options: CallOptions,
  ): Promise<Readonly<Record<string, string>>> {
    return parse<Record<string, string>>(await this.#call('POST', 'reset', query, options), 'reset', isRecord);
  }

  /** Counts of a type's resources. 404: the server knows none. */
  async metric(type: string, options: CallOptions): Promise<Metric> {
    return parse<Metric>(await this.#call('GET', 'metric', { type }, options), 'metric', isMetric);
  }

  async #askOnce(options: AcquireOptions, patience: number): Promise<Resource | BoskosRefusal> {
    const { type, requestId, signal } = options;
    const query = { type, state: 'free', dest: 'busy', owner: this.server.owner, request_id: requestId };
    try {
      const answer = await this.#call('POST', 'acquire', query, { patience, signal }, options.onLostAnswer, LINGER);
      return this.#ours(parse<Resource>(answer, 'acquire', isResource), options);
    } catch (error) {
      if (!(error instanceof BoskosRefusal) || error.status !== 404) throw error;
      // Only the message tells an unknown type from one whose resources are all in use.
      if (!error.said.includes('does not exist')) return error;
      throw new RunError(`Boskos at ${this.server.location} has no resources of type ${JSON.stringify(type)}`, {
        cause: error,
      });
    }
  }

  /** Nothing is used, or released, that was not leased to this owner. */
  #ours(resource: Resource, { type, isName = () => true }: AcquireOptions): Resource {
    const { owner, location } = this.server;
    const isOurs = resource.owner === owner && resource.state === 'busy' && resource.type === type;
    if (isOurs && isName(resource.name)) return resource;
    const { name, state } = resource;
    const got = `${resource.type} ${JSON.stringify(name)}, state ${state}, owner ${JSON.stringify(resource.owner)}`;
    const reason = isOurs ? 'which is no valid name' : `which is not a busy ${type} of ${owner}`;
    throw new RunError(`Boskos at ${location} answered acquire with ${got.slice(0, 500)}, ${reason}; it is left alone`);
  }

  async #nothingFree({ type, patience, signal }: AcquireOptions, cause: BoskosRefusal): Promise<RunError> {
    const counts = await this.metric(type, { patience: 0, signal }).then(
      ({ current }) => Object.entries(current).map(([state, count]) => `${count} ${state}`),
      () => [],
    );
    signal.throwIfAborted();
    return new RunError(
      `no ${type} became free in Boskos at ${this.server.location} within ${formatDuration(patience)}` +
        `${counts.length === 0 ? '' : ` (${counts.join(', ')})`}; --boskos-acquire-timeout-seconds waits longer`,
      { cause },
    );
  }

  #call(
    method: 'GET' | 'POST',
    path: string,
    query: Readonly<Record<string, string>>,
    { patience, signal }: CallOptions,
    onRetry: (error: Error) => void = () => undefined,
    linger = 0,
  ): Promise<string> {
    const call = { method, path, query, onRetry, linger };
    return request(this.server, call, { patience, pace: this.#pace, signal });
  }
}

/** True when the server says that the resource is not this owner's, or does not exist. */
export function isGone(error: unknown): boolean {
  const refusal = causeOf(error, BoskosRefusal);
  return refusal !== undefined && [401, 404].includes(refusal.status);
}

/** Reads an answer. The server sends JSON as text/plain, so the content type says nothing. */
function parse<T>(answer: string, call: string, is: (value: unknown) => boolean): T {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch (error) {
    throw new RunError(`the answer of Boskos to ${call} is not JSON`, { cause: error });
  }
  if (!is(value)) throw new RunError(`unexpected answer of Boskos to ${call}: ${answer.slice(0, 200)}`);
  return value as T;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isResource = (value: unknown): boolean =>
  isRecord(value) &&
  value['name'] !== '' &&
  ['name', 'type', 'state', 'owner'].every((key) => typeof value[key] === 'string');
const isMetric = (value: unknown): boolean => isRecord(value) && isRecord(value['current']) && isRecord(value['owner']);
