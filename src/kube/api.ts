import { Agent as PlainAgent, request as plainRequest, type RequestOptions } from 'node:http';
import { Agent, request } from 'node:https';
import { resolve } from 'node:path';
import type { Env } from '../api/env.ts';
import { CommandError, causeOf, RunError } from '../api/errors.ts';
import type { Exec, Finished } from '../api/exec.ts';
import { proxyFor } from '../http/proxy.ts';
import { findProgram, isProgram } from '../system/find-program.ts';
import { type ClusterAccess, readKubeconfig } from './kubeconfig.ts';

/** Which cluster to connect to, and what that needs. */
export interface ApiTarget {
  /** A path, or a list of paths as in `$KUBECONFIG`. */
  readonly kubeconfig: string;
  /** The current context when absent. */
  readonly context?: string;
  /** Runs `kubectl`; only for contexts with a credential plugin or a proxy. */
  readonly exec: Exec;
  readonly env: Env;
}

/** The format of a patch: RFC 7386, or RFC 6902. */
export type PatchKind = 'merge-patch' | 'json-patch';

/** One cluster's API server. */
export interface Api {
  readonly context: string;
  /** Its URL, without credentials. */
  readonly server: string;
  /**
   * The JSON at a path such as `/version`. Throws ApiError when the server returns an error status, another error when it
   * does not respond within 10 s. Throws the signal's reason when it aborts.
   */
  get(path: string, signal: AbortSignal): Promise<unknown>;
  /** Patches the object at a path. Throws as `get` does, and RunError for a context that only `kubectl` can use. */
  patch(path: string, kind: PatchKind, patch: unknown, signal: AbortSignal): Promise<void>;
}

/** The API server responded with an error status. */
export class ApiError extends RunError {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads the kubeconfig; sends no request yet. Throws RunError when the kubeconfig has no cluster, and when a program is
 * not installed that the context needs.
 */
export async function openApi({ kubeconfig, context, exec, env }: ApiTarget): Promise<Api> {
  const access = await readKubeconfig(kubeconfig, context);
  requirePrograms(access, env);
  const kubectl = ['kubectl', `--context=${access.context}`, '--request-timeout=10s', 'get', '--raw'];
  const kubectlEnv = { ...env, KUBECONFIG: kubeconfig };
  const agent = openAgent(access, env);
  const send = (request: ApiRequest, signal: AbortSignal) => fetchText(access, request, agent, signal);
  return {
    context: access.context,
    server: access.server,
    get: async (path, signal) => {
      const body = access.needsKubectl
        ? await kubectlOutput(exec([...kubectl, path], { signal, env: kubectlEnv, output: 'capture' }))
        : await send({ path }, signal);
      return JSON.parse(body);
    },
    patch: async (path, kind, patch, signal) => {
      if (access.needsKubectl) throw new RunError(`cannot patch ${path}: context ${access.context} needs kubectl`);
      await send({ path, patch: { kind, body: JSON.stringify(patch) } }, signal);
    },
  };
}

/** What is not installed does not appear while a cluster is waited for. */
function requirePrograms({ context, needsKubectl, plugin }: ClusterAccess, env: Env): void {
  if (needsKubectl === undefined) return;
  const installed = (name: string) => (name.includes('/') ? isProgram(name) : findProgram(name, env, resolve('.')));
  if (!installed('kubectl')) {
    const reason = plugin ? `starts the credential plugin ${plugin.command}` : `uses ${needsKubectl}`;
    throw new RunError(`kubectl is not on PATH: context ${context} needs it, because the context ${reason}`);
  }
  if (plugin && !installed(plugin.command)) {
    const missing = plugin.command.includes('/') ? 'is not a program' : 'is not on PATH';
    const hint = plugin.installHint === '' ? 'install it' : plugin.installHint;
    throw new RunError(`${plugin.command} ${missing}: it is the credential plugin of context ${context}; ${hint}`);
  }
}

/** The output of kubectl, whose own first line is the reason when it fails. */
async function kubectlOutput(call: Promise<Finished>): Promise<string> {
  try {
    return (await call).stdout;
  } catch (error) {
    const [reason = ''] = (causeOf(error, CommandError)?.output ?? '').trim().split('\n');
    throw reason === '' ? error : new RunError(`kubectl: ${reason.trim()}`, { cause: error });
  }
}

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 64 * 2 ** 20;

interface ApiRequest {
  readonly path: string;
  readonly patch?: { readonly kind: PatchKind; readonly body: string };
}

async function fetchText(
  access: ClusterAccess,
  { path, patch }: ApiRequest,
  agent: Agent | PlainAgent,
  signal: AbortSignal,
): Promise<string> {
  signal.throwIfAborted();
  const url = new URL(access.server + path);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const options: RequestOptions = {
    method: patch ? 'PATCH' : 'GET',
    headers: {
      Accept: 'application/json',
      ...(access.authorization && { Authorization: access.authorization }),
      ...(patch && { 'Content-Type': `application/${patch.kind}+json` }),
    },
    agent,
    signal: AbortSignal.any([signal, timeout]),
  };
  try {
    const { status, body } = await exchange(url, { options, body: patch?.body });
    if (status === 200) return body;
    throw new ApiError(status, `${access.server}${path} returned ${status}${reasonIn(body)}`);
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new RunError(`${access.server} did not respond within 10s`, { cause: error });
    throw error;
  }
}

interface Outgoing {
  readonly options: RequestOptions;
  readonly body: string | undefined;
}

/** Keeps connections open: a wait sends many requests, and each handshake costs both sides more than the response. */
function openAgent({ server, tls }: ClusterAccess, env: Env): Agent | PlainAgent {
  const url = new URL(server);
  const proxy = proxyFor(url, env);
  // Node reads proxyEnv from 22.21 and 24.5 on; older versions ignore it.
  const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  const options = { keepAlive: true, ...proxyEnv };
  return url.protocol === 'https:' ? new Agent({ ...tls, ...options }) : new PlainAgent(options);
}

function exchange(url: URL, { options, body }: Outgoing) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const outgoing = url.protocol === 'https:' ? request(url, options) : plainRequest(url, options);
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_RESPONSE_BYTES)
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

/** The message of a Kubernetes `Status`, if the body is one. */
function reasonIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' && message !== '' ? `: ${message}` : '';
  } catch {
    return '';
  }
}
