import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { releaseAt } from '../../../../deployers/kind/fetch-kind.ts';
import { Machine } from '../../../helpers/kind-machine.ts';
import { type Answer, hex, object, serve, text } from '../../../helpers/servers/files.ts';
import { proxyTo } from '../../../helpers/servers/proxy.ts';

/** A program for this machine, in kind's place: it does nothing and passes. */
const program = readFileSync('/bin/true');
const file = `kind-${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const sum = text(`${hex('sha256', program)}  ${file}\n`);

/** The kind that was used, from a machine without one of its own; undefined when Up did not come so far. */
async function fetched(routes: Record<string, Answer>, flags: readonly string[]) {
  const server = await serve(routes);
  using machine = new Machine();
  const words = ['--up', '--wait=0', `--kind-url=${server.url}`, `--cache-dir=${machine.folder}/cache`, ...flags];
  const ended = await machine.run(words, { PATH: machine.withoutKind() });
  const used = machine.exists('rundir/r1/kind');
  const metadata = JSON.parse(machine.text('artifacts/metadata.json'));
  return {
    stderr: ended.stderr,
    used,
    url: String(metadata['kind-url']).replace(server.url, ''),
    sha256: metadata['kind-sha256'],
  };
}

describe('--kind-version', () => {
  test('fetches a release, checks it against its .sha256sum and uses it', async () => {
    const routes = { [`/v9.9.9/${file}`]: object(program), [`/v9.9.9/${file}.sha256sum`]: sum };
    const found = await fetched(routes, ['--kind-version=9.9.9']);
    expect(found).toMatchObject({ used: true, url: `/v9.9.9/${file}`, sha256: hex('sha256', program) });
  });

  test('without a word, and no kind on PATH, is the pinned release: other bytes are refused', async () => {
    const found = await fetched({ [`/v0.33.0/${file}`]: object(program), [`/v0.33.0/${file}.sha256sum`]: sum }, []);
    expect(found.used).toBe(false);
    expect(found.stderr).toContain('this program');
  });

  test('refuses a release with another checksum', async () => {
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
    ['newest', 2, /is not a version, latest, ci, path or a path/],
    ['./nothing', 2, /nothing is not a program that can be run/],
    ['path', 3, /there is no kind on PATH/],
  ])('%s ends with %i', async (version, code, sentence) => {
    using machine = new Machine();
    const ended = await machine.run(['--up', `--kind-version=${version}`], { PATH: machine.withoutKind() });
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(sentence);
  });
});

test('latest is the release that the page of the newest leads to, from where kind has its releases', async () => {
  using machine = new Machine();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(machine.folder, name));
  const names = 'subjectAltName=DNS:github.com,DNS:kind.sigs.k8s.io';
  const words = `req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x -addext ${names}`;
  execFileSync('openssl', [...words.split(' '), '-keyout', key ?? '', '-out', cert ?? ''], { stdio: 'pipe' });
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
  const env = { PATH: machine.withoutKind(), https_proxy: proxy.url, NODE_EXTRA_CA_CERTS: cert ?? '' };
  const ended = await machine.run(['--up', '--wait=0', '--kind-version=latest'], env);
  expect(machine.exists('rundir/r1/kind'), ended.stderr).toBe(true);
  expect(JSON.parse(machine.text('artifacts/metadata.json'))).toMatchObject({
    'kind-url': `https://kind.sigs.k8s.io/dl/v9.9.9/${file}`,
    'kind-sha256': hex('sha256', program),
  });
});

test('the newest release is read from where its page was found', () => {
  expect(releaseAt('https://github.com/kubernetes-sigs/kind/releases/tag/v0.33.0')).toBe('v0.33.0');
  expect(() => releaseAt('https://github.com/login')).toThrow('which is no release');
});
