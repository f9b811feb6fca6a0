import type { Env } from '../../src/api/env.ts';
import { isMap, type KindConfig } from './config.ts';

/**
 * A sentence for a cluster whose API server this host will not reach: Docker's daemon is on another host, and kind binds
 * the server to that host's loopback. Undefined when the daemon is here, or the configuration names another address.
 */
export function unreachableServer(provider: string, env: Env, config: KindConfig): string | undefined {
  const host = provider === 'docker' ? remoteHost(env['DOCKER_HOST'] ?? '') : undefined;
  if (host === undefined) return undefined;
  const { networking } = config;
  const address = isMap(networking) ? String(networking['apiServerAddress'] ?? '') : '';
  if (address !== '' && !isLoopback(address)) return undefined;
  return (
    `The Docker daemon is on ${host} (DOCKER_HOST), where the API server will listen on ${address || '127.0.0.1'}: ` +
    `this host cannot reach it there; set networking.apiServerAddress and apiServerPort in --config, or forward the port`
  );
}

/** The host of a daemon that is reached over the network; undefined for one on this host. */
function remoteHost(value: string): string | undefined {
  const { protocol, hostname = '' } = URL.parse(value) ?? {};
  const isNetwork = protocol === 'tcp:' || protocol === 'ssh:' || protocol === 'http:' || protocol === 'https:';
  return isNetwork && hostname !== '' && !isLoopback(hostname) ? hostname : undefined;
}

const isLoopback = (host: string): boolean => /^(?:localhost|127\..*|\[?::1\]?)$/.test(host);
