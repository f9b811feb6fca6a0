import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CommandError } from '../../src/api/errors.ts';
import type { Exec } from '../../src/api/exec.ts';
import { type NotReadyError, waitForApi, waitForCluster } from '../../src/kube/ready.ts';
import { type Answers, Pki, serveApi } from '../helpers/servers/kube-api.ts';

let pki: Pki;
let directory: string;
beforeAll(() => {
  pki = new Pki();
});
afterAll(() => pki[Symbol.dispose]());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kt2-ready-'));
  return () => rmSync(directory, { recursive: true, force: true });
});

const version = { body: { gitVersion: 'v1.36.1' } };
const never = new AbortController().signal;
const noExec: Exec = async (argv) => {
  throw new Error(`unexpected command: ${argv.join(' ')}`);
};

/** Writes a kubeconfig (JSON is YAML) for one cluster and returns its path. */
function kubeconfig(server: string, user: object, cluster: object = {}): string {
  const path = join(directory, 'kubeconfig');
  writeFileSync(
    path,
    JSON.stringify({
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server, 'certificate-authority': pki.path('ca.crt'), ...cluster } }],
      users: [{ name: 'u', user }],
    }),
  );
  return path;
}

/** An environment whose PATH has these programs and no other. */
function programs(...names: string[]): { PATH: string } {
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const name of names) writeFileSync(join(bin, name), '#!/bin/sh\n', { mode: 0o755 });
  return { PATH: bin };
}

const base64 = (name: string) => pki.read(name).toString('base64');
const node = (name: string, ready: 'True' | 'False', message = '') => ({
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: ready, reason: 'KubeletSaysSo', message }] },
});
const dns = (available: 'True' | 'False') => ({
  metadata: { name: 'coredns' },
  spec: { replicas: 2 },
  status: { conditions: [{ type: 'Available', status: available }], availableReplicas: available === 'True' ? 2 : 0 },
});
const stuckPod = {
  metadata: { name: 'coredns-1' },
  spec: { nodeName: 'one' },
  status: {
    phase: 'Pending',
    containerStatuses: [{ name: 'coredns', state: { waiting: { reason: 'ErrImagePull', message: 'no such image' } } }],
  },
};

function cluster(state: { nodes: object[]; dns: object[]; pods?: object[] }): Answers {
  return (path) => {
    if (path === '/version') return version;
    if (path === '/api/v1/nodes') return { body: { items: state.nodes } };
    if (path.includes('/deployments')) return { body: { items: state.dns } };
    if (path.endsWith('/kube-system/pods')) return { body: { items: state.pods ?? [] } };
    return undefined;
  };
}

describe('credentials', () => {
  test.each([
    {
      name: 'an inline client certificate',
      user: () => ({ 'client-certificate-data': base64('client.crt'), 'client-key-data': base64('client.key') }),
      expected: { client: 'client' },
    },
    {
      name: 'client certificate files beside the kubeconfig',
      user: () => ({ 'client-certificate': pki.path('client.crt'), 'client-key': pki.path('client.key') }),
      expected: { client: 'client' },
    },
    { name: 'a token', user: () => ({ token: 'abc' }), expected: { authorization: 'Bearer abc' } },
    {
      name: 'a name and a password',
      user: () => ({ username: 'me', password: 'p:w' }),
      expected: { authorization: `Basic ${Buffer.from('me:p:w').toString('base64')}` },
    },
    {
      name: 'a token file, which wins over the token',
      user: () => {
        writeFileSync(join(directory, 'token'), 'from-file\n');
        return { token: 'abc', tokenFile: 'token' };
      },
      expected: { authorization: 'Bearer from-file' },
    },
  ])('$name is enough to connect without kubectl', async ({ user, expected }) => {
    await using server = await serveApi(pki, () => version);
    const path = kubeconfig(server.url, user());
    const reached = await waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never });
    expect(reached).toEqual({ serverVersion: 'v1.36.1', context: 'here', server: server.url });
    expect(server.seen).toMatchObject([expected]);
  });

  test('rejects a server certificate of another authority', async () => {
    await using server = await serveApi(pki, () => version);
    const path = kubeconfig(server.url, { token: 'abc' }, { 'certificate-authority': pki.path('client.crt') });
    const timeout = { duration: 700, flag: '--wait' };
    await expect(waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never, timeout })).rejects.toThrow(
      /cluster is not ready after 700ms \(--wait\): no response from .*certificate/,
    );
    expect(server.seen).toEqual([]);
  });

  test('uses insecure-skip-tls-verify and tls-server-name', async () => {
    await using server = await serveApi(pki, () => version);
    for (const settings of [
      { 'certificate-authority': '', 'insecure-skip-tls-verify': true },
      { 'tls-server-name': 'cluster.test' },
    ]) {
      const path = kubeconfig(server.url, {}, settings);
      await expect(waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never })).resolves.toBeDefined();
    }
    const path = kubeconfig(server.url, {}, { 'tls-server-name': 'other.test' });
    const timeout = { duration: 300, flag: '--wait' };
    await expect(waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never, timeout })).rejects.toThrow(
      /other\.test/,
    );
  });

  test('uses kubectl, with the same context, for a credential plugin', async () => {
    const calls: { argv: readonly string[]; kubeconfig: string | undefined }[] = [];
    const exec: Exec = async (argv, { env }) => {
      calls.push({ argv, kubeconfig: env?.['KUBECONFIG'] });
      return { exitCode: 0, stdout: '{"gitVersion":"v1.30.0"}', stderr: '', tail: '', seconds: 0 };
    };
    const path = kubeconfig('https://10.0.0.1', { exec: { command: 'login' } });
    const reached = await waitForApi({ kubeconfig: path, exec, env: programs('kubectl', 'login'), signal: never });
    expect(reached.serverVersion).toBe('v1.30.0');
    expect(calls).toEqual([
      { argv: ['kubectl', '--context=here', '--request-timeout=10s', 'get', '--raw', '/version'], kubeconfig: path },
    ]);
  });
});

describe('a credential plugin', () => {
  const timeout = { duration: 60_000, flag: '--wait' };
  const wait = (path: string, env: Record<string, string>, exec = noExec) =>
    waitForApi({ kubeconfig: path, exec, env, signal: never, timeout });

  test('that is not installed fails at once, with its name and how to install it', async () => {
    const path = kubeconfig('https://10.0.0.1', { exec: { command: 'login', installHint: 'Run\n  get-login' } });
    await expect(wait(path, programs('kubectl'))).rejects.toThrow(
      'login is not on PATH: it is the credential plugin of context here; Run get-login',
    );
  });

  test('that is a path is sought beside the kubeconfig', async () => {
    const path = kubeconfig('https://10.0.0.1', { exec: { command: './login' } });
    await expect(wait(path, programs('kubectl', 'login'))).rejects.toThrow(
      `${join(directory, 'login')} is not a program`,
    );
  });

  test('without kubectl on PATH fails at once', async () => {
    const path = kubeconfig('https://10.0.0.1', { exec: { command: 'login' } });
    await expect(wait(path, programs('login'))).rejects.toThrow(
      'kubectl is not on PATH: context here needs it, because the context starts the credential plugin login',
    );
  });

  test('that fails is shown with what kubectl printed first', async () => {
    const path = kubeconfig('https://10.0.0.1', { exec: { command: 'login' } });
    const output = 'error: getting credentials: not logged in\n\nmore';
    const exec: Exec = async () => {
      throw new CommandError('kubectl exited with code 1', { command: 'kubectl', exitCode: 1, output });
    };
    const short = { duration: 300, flag: '--wait' };
    const env = programs('kubectl', 'login');
    await expect(waitForApi({ kubeconfig: path, exec, env, signal: never, timeout: short })).rejects.toThrow(
      /kubectl: error: getting credentials: not logged in$/,
    );
  });
});

describe('an invalid kubeconfig fails at once', () => {
  test.each([
    ['that does not exist', undefined, /kubeconfig \S+ does not exist/],
    ['without a current context', '{}', /no current context/],
    ['whose context is not in it', '{"current-context":"x"}', /no context "x"/],
    ['whose context has no server', '{"current-context":"x","contexts":[{"name":"x"}]}', /has no server/],
    ['that is not YAML', 'a: [', /cannot read kubeconfig/],
  ])('one %s', async (_, content, sentence) => {
    const path = join(directory, 'kubeconfig');
    if (content !== undefined) writeFileSync(path, content);
    const waiting = waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never });
    await expect(waiting).rejects.toThrow(sentence);
  });

  test('the error of a broken line does not show the lines around it', async () => {
    const path = join(directory, 'kubeconfig');
    writeFileSync(path, 'users:\n- token: s3cret\n  x: [');
    const error = await waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never }).catch(String);
    expect(error).not.toContain('s3cret');
  });
});

test('in a list of kubeconfigs the first that defines a name wins, and missing files are ignored', async () => {
  await using server = await serveApi(pki, () => version);
  const first = kubeconfig(server.url, {});
  const second = join(directory, 'second');
  writeFileSync(
    second,
    '{"current-context":"there","clusters":[{"name":"c","cluster":{"server":"https://10.0.0.1"}}]}',
  );
  const list = [join(directory, 'missing'), first, second].join(':');
  const reached = await waitForApi({ kubeconfig: list, exec: noExec, env: {}, signal: never });
  expect(reached).toMatchObject({ context: 'here', server: server.url });
});

test('does not show credentials in the URL of the server', async () => {
  const path = kubeconfig('https://me:pw@127.0.0.1:1', {});
  const timeout = { duration: 100, flag: '--wait' };
  const error = await waitForApi({ kubeconfig: path, exec: noExec, env: {}, signal: never, timeout }).catch(String);
  expect(error).toContain('https://127.0.0.1:1');
  expect(error).not.toContain('pw');
});

test('waits while the server returns errors, until it responds', async () => {
  let errors = 2;
  await using server = await serveApi(pki, () =>
    errors-- > 0 ? { status: 401, body: { message: 'Unauthorized' } } : version,
  );
  const missing: string[] = [];
  await waitForApi({
    kubeconfig: kubeconfig(server.url, {}),
    exec: noExec,
    env: {},
    signal: never,
    onProgress: (text) => missing.push(text),
  });
  expect(missing).toEqual([`${server.url}/version returned 401: Unauthorized`]);
});

test('throws the reason of an aborted signal', async () => {
  const stop = new AbortController();
  await using server = await serveApi(pki, () => {
    stop.abort(new Error('enough'));
    return { status: 500, body: {} };
  });
  const waiting = waitForApi({ kubeconfig: kubeconfig(server.url, {}), exec: noExec, env: {}, signal: stop.signal });
  await expect(waiting).rejects.toThrow('enough');
});

describe('a cluster', () => {
  const wait = (url: string, nodes?: number, duration = 600) =>
    waitForCluster({
      kubeconfig: kubeconfig(url, {}),
      exec: noExec,
      env: {},
      signal: never,
      timeout: { duration, flag: '--wait' },
      ...(nodes === undefined ? {} : { nodes }),
    });

  test.each([
    { name: 'with all nodes Ready and CoreDNS available', dns: [dns('True')], nodes: 2 },
    { name: 'without CoreDNS', dns: [], nodes: undefined },
  ])('$name is ready', async ({ dns, nodes }) => {
    await using server = await serveApi(pki, cluster({ nodes: [node('one', 'True'), node('two', 'True')], dns }));
    await expect(wait(server.url, nodes)).resolves.toMatchObject({ serverVersion: 'v1.36.1' });
  });

  test.each([
    {
      name: 'whose node is not Ready',
      state: { nodes: [node('one', 'True'), node('two', 'False', 'cni plugin not initialized')], dns: [dns('True')] },
      nodes: 2,
      missing: '1 of 2 nodes Ready, node two is not Ready (KubeletSaysSo: cni plugin not initialized)',
      details: 'node one is Ready\nnode two is not Ready (KubeletSaysSo: cni plugin not initialized)',
    },
    {
      name: 'with fewer nodes than wanted',
      state: { nodes: [node('one', 'True')], dns: [] },
      nodes: 3,
      missing: '1 of 3 nodes Ready',
      details: 'node one is Ready',
    },
    {
      name: 'with no node',
      state: { nodes: [], dns: [] },
      nodes: undefined,
      missing: '0 of 1 nodes Ready',
      details: '',
    },
    {
      name: 'whose CoreDNS does not start',
      state: { nodes: [node('one', 'True')], dns: [dns('False')], pods: [stuckPod] },
      nodes: 1,
      missing: 'CoreDNS not available (0 of 2 pods)',
      details: 'node one is Ready\npod coredns-1 on one is Pending; coredns (ErrImagePull: no such image)',
    },
  ])('$name is not ready, and the error has the reason', async ({ state, nodes, missing, details }) => {
    await using server = await serveApi(pki, cluster(state));
    const error = (await wait(server.url, nodes).catch((reason: unknown) => reason)) as NotReadyError;
    expect(error.message).toBe(`cluster is not ready after 600ms (--wait): ${missing}`);
    expect(error.details).toBe(details);
  });

  test('is polled over the connections of the first check', async () => {
    let checks = 0;
    await using server = await serveApi(pki, (path, request) => {
      if (path === '/api/v1/nodes') checks += 1;
      return cluster({ nodes: [node('one', checks < 4 ? 'False' : 'True')], dns: [] })(path, request);
    });
    await wait(server.url, 1, 10_000);
    expect(checks).toBe(4);
    expect(server.handshakes.count).toBe(2);
    expect(server.seen.filter(({ path }) => path === '/version')).toHaveLength(1);
  });
});
