import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import type { Env } from '../api/env.ts';
import { RunError } from '../api/errors.ts';
import type { Exec } from '../api/exec.ts';
import { type ClusterAccess, readKubeconfig } from './kubeconfig.ts';

/** Which cluster to talk to, and the doors needed for it. */
export interface ApiTarget {
  /** A path, or a list of paths as in `$KUBECONFIG`. */
  readonly kubeconfig: string;
  /** The current context when absent. */
  readonly context?: string;
  /** Runs `kubectl`, only for contexts that need a credential plugin or a proxy of their own. */
  readonly exec: Exec;
  readonly env: Env;
}

/** How a change is written: RFC 7386, or RFC 6902. */
export type PatchKind = 'merge-patch' | 'json-patch';

/** One cluster's API server. */
export interface Api {
  readonly context: string;
  /** Its address, without credentials. */
  readonly server: string;
  /**
   * The JSON at a path such as `/version`. Throws ApiError when the server answers with an error status, another
   * error when it does not answer within 10 s. Throws the signal's reason when that aborts.
   */
  get(path: string, signal: AbortSignal): Promise<unknown>;
  /** Changes the object at a path. Throws as `get` does, and RunError for a context that only `kubectl` can use. */
  patch(path: string, kind: PatchKind, patch: unknown, signal: AbortSignal): Promise<void>;
}

/** The API server answered, but not with what was asked for. */
export class ApiError extends RunError {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads the kubeconfig; asks nothing yet. Throws RunError when the kubeconfig names no cluster. */
export async function openApi({ kubeconfig, context, exec, env }: ApiTarget): Promise<Api> {
  const access = await readKubeconfig(kubeconfig, context);
  const kubectl = ['kubectl', `--context=${access.context}`, '--request-timeout=10s', 'get', '--raw'];
  const kubectlEnv = { ...env, KUBECONFIG: kubeconfig };
  const agent = openAgent(access, env);
  const ask = (question: Question, signal: AbortSignal) => fetchText(access, question, agent, signal);
  return {
    context: access.context,
    server: access.server,
    get: async (path, signal) => {
      const body = access.needsKubectl
        ? (await exec([...kubectl, path], { signal, env: kubectlEnv, output: 'capture' })).stdout
        : await ask({ path }, signal);
      return JSON.parse(body);
    },
    patch: async (path, kind, patch, signal) => {
      if (access.needsKubectl) throw new RunError(`context ${access.context} can only be changed with kubectl`);
      await ask({ path, patch: { kind, body: JSON.stringify(patch) } }, signal);
    },
  };
}

const LIMIT_MS = 10_000;
const LARGEST_ANSWER = 64 * 2 ** 20;

interface Question {
  readonly path: string;
  readonly patch?: { readonly kind: PatchKind; readonly body: string };
}

async function fetchText(
  access: ClusterAccess,
  { path, patch }: Question,
  agent: Agent | PlainAgent,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const url = new URL(access.server + path);
  const limit = AbortSignal.timeout(LIMIT_MS);
  const options: RequestOptions = {
    method: patch ? 'PATCH' : 'GET',
    headers: {
      Accept: 'application/json',
      ...(access.authorization && { Authorization: access.authorization }),
      ...(patch && { 'Content-Type': `application/${patch.kind}+json` }),
    },
    agent,
    signal: AbortSignal.any([signal, limit]),
  };
  try {
    const { status, body } = await send(url, { options, body: patch?.body });
    if (status === 200) return body;
    throw new ApiError(status, `${access.server}${path} answered ${status}${reasonIn(body)}`);
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) throw new RunError(`${access.server} did not answer within 10s`, { cause: error });
    throw error;
  }
}

interface Outgoing {
  readonly options: RequestOptions;
  readonly body: string | undefined;
}

/** Connections stay open between questions: a wait asks often, and each handshake costs both sides more than the answer. */
function openAgent({ server, tls }: ClusterAccess, env: Env): Agent | PlainAgent {
  const { protocol, hostname } = new URL(server);
  // Node knows proxyEnv from 22.21 and 24.5 on; before, it is ignored.
  const proxied = isLoopback(hostname) ? {} : { proxyEnv: env as NodeJS.ProcessEnv };
  const options = { keepAlive: true, ...proxied };
  return protocol === 'https:' ? new Agent({ ...tls, ...options }) : new PlainAgent(options);
}

function send(url: URL, { options, body }: Outgoing) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const outgoing = url.protocol === 'https:' ? request(url, options) : plainRequest(url, options);
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > LARGEST_ANSWER)
        outgoing.destroy(new RunError(`${url.host} sent more than 64 MiB for ${url.pathname}`));
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
    );
  });
  outgoing.end(body);
  return promise;
}

/** The message of a Kubernetes `Status`, when the answer is one. */
function reasonIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' && message !== '' ? `: ${message}` : '';
  } catch {
    return '';
  }
}

/** Go's clients, `kubectl` among them, never use a proxy for these. */
function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
