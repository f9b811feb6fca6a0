import type { Dispatcher } from 'undici';
import type { Env } from '../api/env.ts';
import type { RetryPolicy } from './retry.ts';

export interface HttpOptions {
  /** For the proxy variables. */
  readonly env: Env;
  readonly policy: RetryPolicy;
  /** Parallel connections to one server. */
  readonly connections: number;
}

/** Opens the connections of a run, with the timeouts of the policy, through the proxies that the environment sets. */
export async function openConnections({ env, policy, connections }: HttpOptions): Promise<Dispatcher> {
  // The default export exists however this is bundled; the named exports of a CommonJS module may not.
  const { Agent, EnvHttpProxyAgent } = (await import('undici')).default;
  const settings = {
    // Several connections avoid limits on each; over HTTP/2 they would be one.
    allowH2: false,
    connections,
    connect: { timeout: policy.connect },
    headersTimeout: policy.headers,
    bodyTimeout: policy.idle,
  };
  const proxy = (name: string): string => env[name] || env[name.toUpperCase()] || '';
  const [httpProxy, httpsProxy] = [proxy('http_proxy'), proxy('https_proxy')];
  if (httpProxy === '' && httpsProxy === '') return new Agent(settings);
  // As in Go, this host is never reached through a proxy.
  const noProxy = ['localhost', '127.0.0.1', '::1', proxy('no_proxy')].filter((each) => each !== '').join(',');
  return new EnvHttpProxyAgent({ ...settings, httpProxy, httpsProxy, noProxy });
}
