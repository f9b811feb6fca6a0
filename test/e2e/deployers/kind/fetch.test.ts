import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { releaseAt } from '../../../../deployers/kind/fetch-kind.ts';
import { KindHost } from '../../../helpers/kind-host.ts';
import { type Answer, hex, object, serve, text } from '../../../helpers/servers/files.ts';
import { proxyTo } from '../../../helpers/servers/proxy.ts';

/** A program for this host, in kind's place: it does nothing and passes. */
const program = readFileSync('/bin/true');
const file = `kind-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const sum = text(`${hex('sha256', program)}  ${file}\n`);

/** The kind that was used on a host without kind; undefined when Up did not get so far. */
async function fetched(routes: Record<string, Answer>, flags: readonly string[]) {
  const server = await serve(routes);
  using host = new KindHost();
  const args = ['--up', '--wait=0', `--kind-url=${server.url}`, `--cache-dir=${host.dir}/cache`, ...flags];
  const ended = await host.run(args, { PATH: host.withoutKind() });
  const used = host.exists('rundir/r1/kind');
  const metadata = JSON.parse(host.text('artifacts/metadata.json'));
  return {
    stderr: ended.stderr,
    used,
    url: String(metadata['kind-url']).replace(server.url, ''),
    sha256: metadata['kind-sha256'],
  };
}

describe('--kind-version', () => {
  test('downloads a release, verifies it with its .sha256sum and uses it', async () => {
    const routes = { [`/v9.9.9/${file}`]: object(program), [`/v9.9.9/${file}.sha256sum`]: sum };
    const found = await fetched(routes, ['--kind-version=9.9.9']);
    expect(found).toMatchObject({ used: true, url: `/v9.9.9/${file}`, sha256: hex('sha256', program) });
  });

  test('defaults to the pinned release without kind on PATH, and rejects other bytes', async () => {
    const found = await fetched({ [`/v0.33.0/${file}`]: object(program), [`/v0.33.0/${file}.sha256sum`]: sum }, []);
    expect(found.used).toBe(false);
    expect(found.stderr).toContain('this program');
  });

  test('rejects a release with a checksum mismatch', async () => {
    const wrong = text(`${'0'.repeat(64)}  ${file}\n`);
    const routes = { [`/v9.9.9/${file}`]: object(program), [`/v9.9.9/${file}.sha256sum`]: wrong };
    expect(await fetched(routes, ['--kind-version=v9.9.9'])).toMatchObject({ used: false });
  });

  test('ci has no checksum and needs --allow-unverified', async () => {
    const routes = { [`/latest/${file}?run=r1`]: object(program) };
    expect(await fetched(routes, ['--kind-version=ci'])).toMatchObject({ used: false });
    expect(await fetched(routes, ['--kind-version=ci', '--allow-unverified'])).toMatchObject({ used: true });
  });

  test.each([
    ['newest', 2, /invalid --kind-version "newest": expected a release/],
    ['./nothing', 2, /nothing: not an executable file/],
    ['path', 3, /kind not found on PATH \(--kind-version=path\)/],
  ])('%s exits with %i', async (version, code, message) => {
    using host = new KindHost();
    const ended = await host.run(['--up', `--kind-version=${version}`], { PATH: host.withoutKind() });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(message);
  });
});

test('latest is the release that the page of the newest one redirects to', async () => {
  using host = new KindHost();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(host.dir, name));
  const names = 'subjectAltName=DNS:github.com,DNS:kind.sigs.k8s.io';
  const args = `req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x -addext ${names}`;
  execFileSync('openssl', [...args.split(' '), '-keyout', key ?? '', '-out', cert ?? ''], { stdio: 'pipe' });
  const options = { key: readFileSync(key ?? ''), cert: readFileSync(cert ?? '') };
  const server = createServer(options, ({ url = '', headers }, response) => {
    const page = '/kubernetes-sigs/kind/releases';
    if (`${headers.host}${url}` === `github.com${page}/latest`) {
      response.writeHead(302, { Location: `https://github.com${page}/tag/v9.9.9` }).end();
    } else if (url === `${page}/tag/v9.9.9`) response.end('<html>');
    else if (url === `/dl/v9.9.9/${file}.sha256sum`) response.end(`${hex('sha256', program)}  ${file}\n`);
    else if (url === `/dl/v9.9.9/${file}`) response.end(program);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const proxy = await proxyTo((server.address() as AddressInfo).port);
  const env = { PATH: host.withoutKind(), https_proxy: proxy.url, NODE_EXTRA_CA_CERTS: cert ?? '' };
  const ended = await host.run(['--up', '--wait=0', '--kind-version=latest'], env);
  expect(host.exists('rundir/r1/kind'), ended.stderr).toBe(true);
  expect(JSON.parse(host.text('artifacts/metadata.json'))).toMatchObject({
    'kind-url': `https://kind.sigs.k8s.io/dl/v9.9.9/${file}`,
    'kind-sha256': hex('sha256', program),
  });
});

test('reads the newest release from the URL of its page', () => {
  expect(releaseAt('https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0')).toBe('v0.33.0');
  expect(() => releaseAt('https://github.com/login')).toThrow('cannot find the newest release of kind');
});
