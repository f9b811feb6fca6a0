import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { parseFlags } from '../../src/cli/flags/parse.ts';
import { acquireFlags, acquireSettings } from '../../src/download/flags.ts';

function settings(args: string[], env: Record<string, string> = {}) {
  const { values, faults } = parseFlags({ acquire: acquireFlags }, args, env);
  expect(faults).toEqual([]);
  return acquireSettings(values.acquire, { env, cwd: '/somewhere', home: '/home/me' });
}

test('the defaults', () => {
  expect(settings([])).toEqual({
    cacheDir: '/home/me/.cache/kubetest2-ts',
    offline: false,
    pins: '',
    allowUnverified: false,
    downloadConnections: 4,
    gcsEndpoint: '',
    readPins: expect.any(Function),
  });
});

test('a flag overrides its environment variable', () => {
  const env = {
    KUBETEST2_CACHE_DIR: 'c',
    KUBETEST2_OFFLINE: 'true',
    KUBETEST2_PINS: 'p.json',
    KUBETEST2_ALLOW_UNVERIFIED: '1',
    KUBETEST2_DOWNLOAD_CONNECTIONS: '8',
    KUBETEST2_GCS_ENDPOINT: 'http://127.0.0.1:4443/',
  };
  const twins = {
    cacheDir: '/somewhere/c',
    offline: true,
    pins: '/somewhere/p.json',
    allowUnverified: true,
    downloadConnections: 8,
    gcsEndpoint: 'http://127.0.0.1:4443',
    readPins: expect.any(Function),
  };
  expect(settings([], env)).toEqual(twins);
  expect(settings(['--cache-dir=/d', '--offline=false', '--download-connections', '2'], env)).toEqual({
    ...twins,
    cacheDir: '/d',
    offline: false,
    downloadConnections: 2,
  });
});

test.each([
  ['/caches', '/caches/kubetest2-ts'],
  ['relative', '/home/me/.cache/kubetest2-ts'],
  ['', '/home/me/.cache/kubetest2-ts'],
])('with XDG_CACHE_HOME=%s the cache is %s', (xdg, cacheDir) => {
  expect(settings([], { XDG_CACHE_HOME: xdg })).toMatchObject({ cacheDir });
});

test.each([
  '--download-connections=0',
  '--download-connections=65',
  '--gcs-endpoint=localhost:4443',
  '--gcs-endpoint=http:///',
])('rejects %s', (arg) => {
  expect(() => settings([arg])).toThrow(UsageError);
});
