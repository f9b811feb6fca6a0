import { type Duration, formatDuration } from '../api/duration.ts';
import { messageOf, RunError } from '../api/errors.ts';
import { waitUntil } from '../system/wait.ts';
import { type Api, ApiError, type ApiTarget, openApi } from './api.ts';
import { type Finding, lookAtCluster, type WantedNodes } from './health.ts';

/** A limit for a wait, and the flag that set it, so that the message can name it. */
export interface Within {
  readonly limit: Duration;
  /** As typed, for instance `--wait`. */
  readonly flag: string;
}

export interface WaitOptions extends ApiTarget {
  readonly signal: AbortSignal;
  /** Without it only the signal ends the wait. */
  readonly within?: Within;
  /** Told what is missing, whenever that changes. */
  readonly onProgress?: (missing: string) => void;
}

/** A cluster whose API server answers. */
export interface Reached {
  /** As the server says it, for instance `v1.36.1`. */
  readonly serverVersion: string;
  readonly context: string;
  /** Its address, without credentials. */
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
 * Waits until the API server answers, without needing `kubectl` unless the kubeconfig names a credential plugin or a
 * proxy. Throws RunError at once when there is no usable kubeconfig, NotReadyError when `within` runs out, the
 * signal's reason when that aborts.
 */
export async function waitForApi(options: WaitOptions): Promise<Reached> {
  return askUntil(options, async (api, signal) => {
    const version = await serverVersion(api, signal);
    return { ready: { serverVersion: version, context: api.context, server: api.server } };
  });
}

/**
 * Waits until the API server answers, `nodes` nodes are Ready (all there are, and at least one, when absent) and
 * CoreDNS is available, if the cluster has it. Throws as `waitForApi` does; the NotReadyError's details hold the
 * nodes' conditions and the states of the system pods.
 */
export async function waitForCluster(options: WaitOptions & WantedNodes): Promise<Reached> {
  let version: string | undefined;
  return askUntil(options, async (api, signal) => {
    version ??= await serverVersion(api, signal);
    const finding = await lookAtCluster(api, options, signal);
    if (finding.missing !== '') return { finding };
    return { ready: { serverVersion: version, context: api.context, server: api.server } };
  });
}

/** Milliseconds between an answer and the next question: little beside what the wait takes, and cheap on a connection that is open. */
const PAUSE = 200;

type Answer = { readonly ready: Reached } | { readonly finding: Finding };

async function askUntil(
  { signal, within, onProgress, ...target }: WaitOptions,
  ask: (api: Api, signal: AbortSignal) => Promise<Answer>,
): Promise<Reached> {
  const api = await openApi(target);
  const limit = within === undefined ? undefined : AbortSignal.timeout(within.limit);
  const until = limit === undefined ? signal : AbortSignal.any([signal, limit]);
  let last: Finding = { missing: `no answer from ${api.server}`, details: '' };
  const check = async (now: AbortSignal) => {
    const answer = await askOnce(api, ask, now);
    if ('ready' in answer) return answer.ready;
    if (answer.finding.missing !== last.missing) onProgress?.(answer.finding.missing);
    last = answer.finding;
    return undefined;
  };
  try {
    return await waitUntil(check, { every: PAUSE, signal: until });
  } catch (error) {
    signal.throwIfAborted();
    if (within === undefined || !limit?.aborted) throw error;
    const limitText = `${formatDuration(within.limit)} (${within.flag})`;
    throw new NotReadyError(`the cluster was not ready within ${limitText}: ${last.missing}`, last.details);
  }
}

/** A server that refuses us, or does not answer yet, is something to wait for; until the limit says otherwise. */
async function askOnce(api: Api, ask: (api: Api, signal: AbortSignal) => Promise<Answer>, signal: AbortSignal) {
  try {
    return await ask(api, signal);
  } catch (error) {
    signal.throwIfAborted();
    const sentence = messageOf(error).trim() || String((error as NodeJS.ErrnoException).code);
    const missing = error instanceof ApiError ? sentence : `no answer from ${api.server}: ${sentence}`;
    return { finding: { missing, details: '' } };
  }
}

async function serverVersion(api: Api, signal: AbortSignal): Promise<string> {
  const { gitVersion } = (await api.get('/version', signal)) as { gitVersion?: unknown };
  if (typeof gitVersion !== 'string') throw new RunError(`${api.server}/version has no gitVersion`);
  return gitVersion;
}
