import type { Dispatcher } from 'undici';
import type { Env } from '../api/env.ts';
import type { Pace } from './retry.ts';
import { roundSockets } from './sockets.ts';

export interface HttpOptions {
  /** For the proxy variables. */
  readonly env: Env;
  readonly pace: Pace;
  /** Connections to one server at once. */
  readonly connections: number;
  /** Whether plain http to an address is fine beyond this machine. */
  readonly insecure: (url: string) => boolean;
  /** Whether nobody keeps a chunk of an answer beyond the next one, so that memory can be used again. Default: false. */
  readonly fleeting?: boolean;
}

export interface Connections {
  readonly dispatcher: Dispatcher;
  /** Whether what is read goes into memory that is used again, as src/http/sockets.ts says. */
  readonly recycled: boolean;
}

/** The connections of a run: through proxies where the environment says so, patient as the pace says. */
export async function openConnections({ env, pace, connections, fleeting = false }: HttpOptions): Promise<Connections> {
  // The default export is there however this is bundled; the names of a CommonJS module may not be.
  const { Agent, buildConnector, EnvHttpProxyAgent } = (await import('undici')).default;
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
  if (httpProxy === '' && httpsProxy === '') {
    const connect = fleeting ? roundSockets(buildConnector, { ...settings.connect, allowH2: false }) : settings.connect;
    return { dispatcher: new Agent({ ...settings, connect }), recycled: fleeting };
  }
  // As Go has it, this machine is never reached through a proxy.
  const noProxy = ['localhost', '127.0.0.1', '::1', proxy('no_proxy')].filter((each) => each !== '').join(',');
  return { dispatcher: new EnvHttpProxyAgent({ ...settings, httpProxy, httpsProxy, noProxy }), recycled: false };
}
