import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { component } from './components.ts';
import { manifests } from './control-plane-manifests.ts';

/** The programs a control plane is made of, for `describeWith`. */
export const CONTROL_PLANE = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl', 'kwok'];

const TOKEN = 'administrator';

/** A cluster as tests use it. */
export interface Cluster {
  /** Of an administrator; absolute. */
  readonly kubeconfig: string;
  readonly kubectl: (...args: string[]) => Promise<string>;
}

/** A real Kubernetes on loopback: etcd, API server, controllers, scheduler, and nodes that kwok plays. */
export interface ControlPlane extends Cluster, AsyncDisposable {}

/** The cluster of a kubeconfig. */
export const clusterOf = (kubeconfig: string): Cluster => ({
  kubeconfig,
  kubectl: async (...args) => {
    const argv = [`--kubeconfig=${kubeconfig}`, ...args];
    return (await promisify(execFile)(component('kubectl'), argv, { maxBuffer: 1 << 26 })).stdout;
  },
});

/**
 * Ends the processes it is told of, and takes the directory away, when its stdin ends: when that is asked for, and when the
 * process that started it is gone, however it went. Nothing of them is kept, and an API server that is asked politely
 * holds its port for a minute.
 */
const KEEPER = 'while read -r pid; do pids="$pids $pid"; done; kill -9 $pids; rm -rf "$0" || { sleep 1; rm -rf "$0"; }';

/**
 * Starts a control plane and waits until its nodes are ready, which takes some ten seconds and 1 GiB; it does not outlive
 * this process. `nodes` are told to be v1.35.0; with none of them there is the API server alone.
 */
export async function startControlPlane({ nodes = 3, apiServerWords = [] as string[] } = {}): Promise<ControlPlane> {
  const dir = await mkdtemp(join(tmpdir(), 'control-plane-'));
  const keeper = spawn('sh', ['-c', KEEPER, dir], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const children: ChildProcess[] = [];
  const start = (name: string, ...args: string[]) => {
    const log = openSync(join(dir, `${name}.log`), 'a');
    const child = spawn(component(name), args, { cwd: dir, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    children.push(child);
    keeper.stdin.write(`${child.pid}\n`);
  };
  const plane = {
    ...clusterOf(join(dir, 'kubeconfig')),
    async [Symbol.asyncDispose]() {
      const all = [keeper, ...children];
      const ends = all.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit'));
      keeper.stdin.end();
      await Promise.all(ends);
    },
  };
  try {
    await startAll(dir, start, nodes, apiServerWords, plane);
    return plane;
  } catch (error) {
    const logs = await lastLines(dir);
    await plane[Symbol.asyncDispose]();
    throw new Error(`no control plane: ${error instanceof Error ? error.message : error}\n${logs}`, { cause: error });
  }
}

async function startAll(
  dir: string,
  start: (name: string, ...args: string[]) => void,
  nodes: number,
  apiServerWords: readonly string[],
  plane: Cluster,
): Promise<void> {
  const [client, peer, secure] = await freePorts(3);
  const pki = makeKeys(dir);
  await writeFile(join(dir, 'tokens.csv'), `${TOKEN},admin,admin,system:masters\n`);
  await writeFile(plane.kubeconfig, kubeconfigOf(`https://127.0.0.1:${secure}`, await readFile(pki.ca)), {
    mode: 0o600,
  });

  const etcd = `http://127.0.0.1:${client}`;
  const own = `http://127.0.0.1:${peer}`;
  start(
    'etcd',
    `--data-dir=${join(dir, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=${own}`,
    `--initial-advertise-peer-urls=${own}`,
    `--initial-cluster=default=${own}`,
    '--unsafe-no-fsync',
  );
  start(
    'kube-apiserver',
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${secure}`,
    `--tls-cert-file=${pki.certificate}`,
    `--tls-private-key-file=${pki.key}`,
    `--token-auth-file=${join(dir, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.serviceAccounts}`,
    `--service-account-signing-key-file=${pki.serviceAccounts}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    // Real kubelets would be asked; kwok's nodes have none.
    '--endpoint-reconciler-type=none',
    ...apiServerWords,
  );
  await until('the API server', () => plane.kubectl('get', '--raw=/readyz'));
  if (nodes === 0) return;
  start(
    'kube-controller-manager',
    `--kubeconfig=${plane.kubeconfig}`,
    `--root-ca-file=${pki.ca}`,
    `--service-account-private-key-file=${pki.serviceAccounts}`,
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--secure-port=0',
  );
  start('kube-scheduler', `--kubeconfig=${plane.kubeconfig}`, '--leader-elect=false', '--secure-port=0');
  const { stages, nodeList } = manifests(nodes);
  await writeFile(join(dir, 'stages.yaml'), stages);
  await writeFile(join(dir, 'nodes.yaml'), nodeList);
  start(
    'kwok',
    `--kubeconfig=${plane.kubeconfig}`,
    `--config=${join(dir, 'stages.yaml')}`,
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    '--node-lease-duration-seconds=40',
    '--node-ip=127.0.0.1',
  );
  await plane.kubectl('create', '--validate=false', '-f', join(dir, 'nodes.yaml'));
  await plane.kubectl('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=120s');
  await until('the default service account', () => plane.kubectl('get', 'serviceaccount', 'default'));
}

/** A certificate authority, the server's key and certificate, and the key that signs service account tokens. */
function makeKeys(dir: string) {
  const path = (name: string) => join(dir, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] });
  const days = ['-days', '2', '-nodes', '-newkey', 'rsa:2048'];
  openssl('req', '-x509', ...days, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=test-ca');
  const names = 'subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:kubernetes,DNS:kubernetes.default,DNS:localhost';
  const issued = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', names];
  openssl('req', '-x509', ...days, ...issued, '-keyout', 'server.key', '-out', 'server.crt', '-subj', '/CN=server');
  openssl('genrsa', '-out', 'accounts.key', '2048');
  return {
    ca: path('ca.crt'),
    certificate: path('server.crt'),
    key: path('server.key'),
    serviceAccounts: path('accounts.key'),
  };
}

function kubeconfigOf(server: string, ca: Buffer): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': ca.toString('base64') } }],
    users: [{ name: 'test', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

async function until(what: string, check: () => Promise<unknown>): Promise<void> {
  const limit = Date.now() + 180_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > limit) throw new Error(`${what} is not there`, { cause: error });
      await delay(200);
    }
  }
}

async function lastLines(dir: string): Promise<string> {
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kwok'];
  const logs = names.map(async (name) => {
    const log = await readFile(join(dir, `${name}.log`), 'utf8').catch(() => '');
    return `${name}: ${log.trimEnd().split('\n').slice(-3).join('\n')}`;
  });
  return (await Promise.all(logs)).join('\n');
}
