import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { tempDirectory } from '../../helpers/downloader.ts';
import { hex, object } from '../../helpers/servers/files.ts';
import { proxyTo } from '../../helpers/servers/proxy.ts';
import { E2E, noise, packageOf } from '../../helpers/test-package.ts';

const FETCH = join(import.meta.dirname, '../../helpers/programs/acquire-one.ts');
const e2e = noise(3_000_000);
const tests = packageOf({ path: E2E, bytes: e2e });
const URL_THERE = 'https://mirror.example/v1.36.1/tests.tar.gz';

/** A TLS server with a certificate of mirror.example, and a proxy to it. */
async function mirror(context: TestContext) {
  const at = tempDirectory();
  const [key, cert] = [join(at, 'key.pem'), join(at, 'cert.pem')];
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-nodes',
    '-days',
    '2',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-subj',
    '/CN=mirror.example',
    '-addext',
    'subjectAltName=DNS:mirror.example',
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  if (made.status !== 0) context.skip('there is no openssl to make a certificate with');
  let times = 0;
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    times += 1;
    if (request.url?.endsWith('.sha512')) response.end(hex('sha512', tests));
    else object(tests)(request, response, times);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const proxy = await proxyTo((server.address() as AddressInfo).port);
  const fetchIt = async (env: Record<string, string>) => {
    const args = [FETCH, join(at, 'cache'), URL_THERE];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { PATH: process.env['PATH'], https_proxy: proxy.url, ...env },
    });
    return JSON.parse(stdout) as { hit: boolean; sha256: string };
  };
  return { fetchIt, cert, proxy };
}

test('https goes through https_proxy to a server whose certificate is trusted', async (context) => {
  const { fetchIt, cert, proxy } = await mirror(context);
  expect(await fetchIt({ NODE_EXTRA_CA_CERTS: cert })).toMatchObject({ hit: false, sha256: hex('sha256', e2e) });
  expect(proxy.asked[0]).toBe('mirror.example:443');
});

test('an untrusted certificate is rejected at once', async (context) => {
  const { fetchIt, proxy } = await mirror(context);
  await expect(fetchIt({})).rejects.toThrow(
    /https:\/\/mirror\.example\/v1\.36\.1\/tests\.tar\.gz\.sha512: .*self-signed certificate/,
  );
  expect(proxy.asked).toHaveLength(1);
});
