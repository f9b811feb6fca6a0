import type { Dispatcher } from 'undici';
import type { Env } from '../api/env.ts';
import { checkProxies, proxyFor } from './proxy.ts';
import type { RetryPolicy } from './retry.ts';

export interface HttpOptions {
  /** For the proxy variables. */
  readonly env: Env;
  readonly policy: RetryPolicy;
  /** Parallel connections to one server. */
  readonly connections: number;
}

/**
 * Opens the connections of a run, with the timeouts of the policy, each server directly or through the proxy that
 * `proxyFor` gives for it. Throws UsageError for a proxy variable that is not a URL.
 */
export async function openConnections({ env, policy, connections }: HttpOptions): Promise<Dispatcher> {
  checkProxies(env);
  // The default export exists however this is bundled; the named exports of a CommonJS module may not.
  const { Agent, Pool, ProxyAgent } = (await import('undici')).default;
  const settings = {
    // Several connections avoid limits on each; over HTTP/2 they would be one.
    allowH2: false,
    connections,
    connect: { timeout: policy.connect },
    headersTimeout: policy.headers,
    bodyTimeout: policy.idle,
  };
  const factory = (origin: string | URL, options: object): Dispatcher => {
    const uri = proxyFor(new URL(origin), env);
    return uri === undefined ? new Pool(origin, options) : new ProxyAgent({ ...settings, uri });
  };
  return new Agent({ ...settings, factory });
}
