import { BlockList, isIP } from 'node:net';
import type { Env } from '../api/env.ts';
import { UsageError } from '../api/errors.ts';

/**
 * The URL of the proxy for a request, or undefined when the server is reached directly. Reads HTTP_PROXY, HTTPS_PROXY and
 * NO_PROXY (either case) as Go's golang.org/x/net/http/httpproxy does, and so as kubectl, kind and e2e.test do.
 * Throws UsageError for a proxy variable that is not a URL.
 */
export function proxyFor(url: URL, env: Env): string | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const [variable, value] = setting(env, name);
  if (value === '' || isLoopback(hostOf(url)) || bypasses(setting(env, 'NO_PROXY')[1], url)) return undefined;
  return proxyUrl(variable, value);
}

/** Reads the proxies of the environment. Throws UsageError for one that is not a URL. */
export function checkProxies(env: Env): void {
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY']) {
    const [variable, value] = setting(env, name);
    if (value !== '') proxyUrl(variable, value);
  }
}

function setting(env: Env, name: string): readonly [variable: string, value: string] {
  const variable = env[name] ? name : name.toLowerCase();
  return [variable, env[variable] ?? ''];
}

const SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** A value without a scheme is the host and port of an http proxy. */
function proxyUrl(variable: string, value: string): string {
  const url = /^\w+:\/\//.test(value) ? URL.parse(value) : URL.parse(`http://${value}`);
  if (url !== null && url.hostname !== '' && SCHEMES.includes(url.protocol)) return url.href;
  throw new UsageError(`invalid $${variable}: expected the URL of a proxy, such as http://proxy.example:3128`);
}

function hostOf({ hostname }: URL): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

/** Go's clients never use a proxy for these. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function bypasses(noProxy: string, url: URL): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const entries = noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  return entries.some((entry) => entry === '*' || matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  const network = /^(.+)\/(\d+)$/.exec(entry);
  if (network) return inNetwork(host, network[1] ?? '', Number(network[2]));
  const [name, wanted] = splitPort(entry);
  if (wanted !== '' && wanted !== port) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && inNetwork(host, name, isIP(name) === 4 ? 32 : 128);
  if (isIP(host) !== 0 || name === '') return false;
  // A leading dot, or *., means subdomains alone.
  const suffix = name.replace(/^\*\./, '.');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): readonly [name: string, port: string] {
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry);
  if (bracketed) return [bracketed[1] ?? '', bracketed[2] ?? ''];
  const [, name = entry, port = ''] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return [name, port];
}

function inNetwork(host: string, address: string, bits: number): boolean {
  const [family, own] = [familyOf(address), familyOf(host)];
  if (family === undefined || family !== own || bits > (family === 'ipv4' ? 32 : 128)) return false;
  const network = new BlockList();
  network.addSubnet(address, bits, family);
  return network.check(host, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  return isIP(address) === 4 ? 'ipv4' : isIP(address) === 6 ? 'ipv6' : undefined;
}
