import { type Duration, formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import { waitUntil } from '../system/wait.ts';
import { type Api, ApiError, type ApiTarget, openApi } from './api.ts';
import { type ClusterHealth, checkCluster, type WantedNodes } from './health.ts';

/** A timeout, and the flag that sets it, for the message. */
export interface ReadyTimeout {
  readonly duration: Duration;
  /** With dashes, such as `--wait`. */
  readonly flag: string;
}

export interface WaitOptions extends ApiTarget {
  readonly signal: AbortSignal;
  /** Without it only the signal stops the wait. */
  readonly timeout?: ReadyTimeout;
  /** Called with what is missing, whenever that changes. */
  readonly onProgress?: (missing: string) => void;
}

/** A cluster whose API server responds. */
export interface ReachableCluster {
  /** As the server reports it, such as `v1.36.1`. */
  readonly serverVersion: string;
  readonly context: string;
  /** Its URL, without credentials. */
  readonly server: string;
}

/** The cluster did not become ready in time. */
export class NotReadyError extends RunError {
  override readonly name = 'NotReadyError';
  /** Node conditions and pod states, one a line. */
  readonly details: string;

  constructor(message: string, details: string, options?: ErrorOptions) {
    super(message, options);
    this.details = details;
  }
}

/**
 * Waits until the API server responds. Needs `kubectl` only if the kubeconfig has a credential plugin or a proxy.
 * Throws RunError at once when there is no usable kubeconfig, NotReadyError after the timeout, the signal's reason when
 * it aborts.
 */
export async function waitForApi(options: WaitOptions): Promise<ReachableCluster> {
  return pollUntil(options, async (api, signal) => {
    const version = await serverVersion(api, signal);
    return { ready: { serverVersion: version, context: api.context, server: api.server } };
  });
}

/**
 * Waits until the API server responds, `nodes` nodes are Ready (all existing ones, and at least one, when absent) and
 * CoreDNS is available, if it is installed. Throws as `waitForApi` does; the NotReadyError's details hold the nodes'
 * conditions and the states of the system pods.
 */
export async function waitForCluster(options: WaitOptions & WantedNodes): Promise<ReachableCluster> {
  let version: string | undefined;
  return pollUntil(options, async (api, signal) => {
    version ??= await serverVersion(api, signal);
    const health = await checkCluster(api, options, signal);
    if (health.missing !== '') return { health };
    return { ready: { serverVersion: version, context: api.context, server: api.server } };
  });
}

/** Milliseconds between two checks: short beside the wait, and cheap on an open connection. */
const INTERVAL = 200;

type Check = { readonly ready: ReachableCluster } | { readonly health: ClusterHealth };

async function pollUntil(
  { signal, timeout, onProgress, ...target }: WaitOptions,
  check: (api: Api, signal: AbortSignal) => Promise<Check>,
): Promise<ReachableCluster> {
  const api = await openApi(target);
  const deadline = timeout === undefined ? undefined : AbortSignal.timeout(timeout.duration);
  const until = deadline === undefined ? signal : AbortSignal.any([signal, deadline]);
  let last: ClusterHealth = { missing: `no response from ${api.server}`, details: '' };
  const checkAgain = async (stop: AbortSignal) => {
    const result = await checkOnce(api, check, stop);
    if ('ready' in result) return result.ready;
    if (result.health.missing !== last.missing) onProgress?.(result.health.missing);
    last = result.health;
    return undefined;
  };
  try {
    return await waitUntil(checkAgain, { every: INTERVAL, signal: until });
  } catch (error) {
    signal.throwIfAborted();
    if (timeout === undefined || !deadline?.aborted) throw error;
    const after = `${formatDuration(timeout.duration)} (${timeout.flag})`;
    throw new NotReadyError(`cluster is not ready after ${after}: ${last.missing}`, last.details);
  }
}

/** Errors of a server are no reason to stop before the timeout: it may still be starting. */
async function checkOnce(api: Api, check: (api: Api, signal: AbortSignal) => Promise<Check>, signal: AbortSignal) {
  try {
    return await check(api, signal);
  } catch (error) {
    signal.throwIfAborted();
    const message = messageOf(error).trim() || String((error as NodeJS.ErrnoException).code);
    const missing = error instanceof ApiError ? message : `no response from ${api.server}: ${message}`;
    return { health: { missing, details: '' } };
  }
}

async function serverVersion(api: Api, signal: AbortSignal): Promise<string> {
  const { gitVersion } = (await api.get('/version', signal)) as { gitVersion?: unknown };
  if (typeof gitVersion !== 'string') throw new RunError(`${api.server}/version has no gitVersion`);
  return gitVersion;
}
