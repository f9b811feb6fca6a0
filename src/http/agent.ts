import type { Dispatcher } from 'undici';
import type { Env } from '../api/env.ts';
import type { Pace } from './retry.ts';

export interface HttpOptions {
  /** For the proxy variables. */
  readonly env: Env;
  readonly pace: Pace;
  /** Connections to one server at once. */
  readonly connections: number;
}

/** The connections of a run: through proxies where the environment says so, patient as the pace says. */
export async function openConnections({ env, pace, connections }: HttpOptions): Promise<Dispatcher> {
  // The default export is there however this is bundled; the names of a CommonJS module may not be.
  const { Agent, EnvHttpProxyAgent } = (await import('undici')).default;
  const settings = {
    // Several connections are there to get around limits for each; over HTTP/2 they would be one.
    allowH2: false,
    connections,
    connect: { timeout: pace.connect },
    headersTimeout: pace.headers,
    bodyTimeout: pace.idle,
  };
  const proxy = (name: string): string => env[name] || env[name.toUpperCase()] || '';
  const [httpProxy, httpsProxy] = [proxy('http_proxy'), proxy('https_proxy')];
  if (httpProxy === '' && httpsProxy === '') return new Agent(settings);
  // As Go has it, this machine is never reached through a proxy.
  const noProxy = ['localhost', '127.0.0.1', '::1', proxy('no_proxy')].filter((each) => each !== '').join(',');
  return new EnvHttpProxyAgent({ ...settings, httpProxy, httpsProxy, noProxy });
}
