import { describe, expect, test } from 'vitest';
import { proxyFor } from '../../src/http/proxy.ts';

const proxy = 'http://proxy.example:3128/';
const through = (url: string, noProxy: string) =>
  proxyFor(new URL(url), { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, NO_PROXY: noProxy }) !== undefined;

// Each row: NO_PROXY, servers reached directly, servers reached through the proxy; as Go's httpproxy package decides.
const table: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ['', ['http://localhost', 'https://127.0.0.1:6443', 'http://127.9.9.9', 'https://[::1]:6443'], ['https://a.example']],
  [
    'localhost,10.0.0.0/8, .svc',
    ['https://10.9.9.9:6443', 'http://a.svc'],
    ['http://svc', 'http://11.0.0.1', 'http://10.example'],
  ],
  ['fd00::/8', ['https://[fd00::1]:6443'], ['https://[fe80::1]', 'https://10.0.0.1']],
  ['example.com', ['http://example.com', 'http://a.b.example.com'], ['http://notexample.com']],
  ['*.example.com', ['http://a.example.com'], ['http://example.com']],
  ['example.com:8080', ['http://example.com:8080'], ['http://example.com', 'https://example.com']],
  ['example.com:443', ['https://example.com'], ['http://example.com']],
  [
    '10.1.2.3:8001,[fd00::1]:80',
    ['http://10.1.2.3:8001', 'http://[fd00::1]'],
    ['http://10.1.2.3', 'http://[fd00::1]:81'],
  ],
  ['10.1.2.3', ['https://10.1.2.3:6443'], ['https://10.1.2.4:6443']],
  ['none.invalid,*', ['https://a.example', 'http://10.1.2.3'], []],
  ['EXAMPLE.com', ['http://example.COM.'], []],
  ['10.0.0.0/99,:80,.', [], ['http://10.0.0.1', 'http://a.example']],
];

describe('the proxy of a request', () => {
  test.each(table)('with NO_PROXY=%s', (noProxy, direct, proxied) => {
    expect(direct.filter((url) => through(url, noProxy))).toEqual([]);
    expect(proxied.filter((url) => !through(url, noProxy))).toEqual([]);
  });

  test('https servers use HTTPS_PROXY alone, and a proxy without a scheme is an http one', () => {
    const env = { http_proxy: 'proxy.example:3128' };
    expect(proxyFor(new URL('http://a.example'), env)).toBe(proxy);
    expect(proxyFor(new URL('https://a.example'), env)).toBeUndefined();
    expect(proxyFor(new URL('https://a.example'), { https_proxy: proxy })).toBe(proxy);
  });

  test.each(['http://', 'ftp://proxy.example', 'http://a b:3128'])(
    '%s is refused with the name of the variable',
    (url) => {
      expect(() => proxyFor(new URL('https://a.example'), { https_proxy: url })).toThrow(
        'invalid $https_proxy: expected the URL of a proxy, such as http://proxy.example:3128',
      );
    },
  );
});
