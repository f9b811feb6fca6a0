import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostPlatform } from '../../src/system/platform.ts';
import { type Ended, type Launched, program, Sandbox } from './sandbox.ts';

const fake = fileURLToPath(new URL('programs/gce/cloud.sh', import.meta.url));

/** A host with a Kubernetes tree, whose scripts, gcloud and kubectl fake a whole project. */
export class Cloud implements Disposable {
  readonly sandbox: Sandbox;
  readonly state: string;
  readonly tree: string;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.sandbox = new Sandbox({ USER: 'prow', PROW_JOB_ID: RUN, KUBETEST2_ALLOW_UNVERIFIED: 'true', ...env });
    this.state = join(this.sandbox.dir, 'state');
    this.tree = join(this.sandbox.dir, 'kubernetes-tree');
    mkdirSync(join(this.state, 'table'), { recursive: true });
    for (const script of ['get-kube', 'kube-up', 'kube-down', 'log-dump/log-dump']) {
      this.#fake(join(this.tree, 'cluster', `${script}.sh`));
    }
    for (const name of ['gcloud', 'kubectl', 'make']) this.#fake(join(this.sandbox.bin, name));
    this.kubeconfig('http://127.0.0.1:9');
  }

  /** What the next calls of a fake do, see cloud.sh. */
  plan(name: string, ...todo: string[]): this {
    writeFileSync(join(this.state, `do-${name}`), `${todo.join('\n')}\n`);
    return this;
  }

  /** The kubeconfig that kube-up.sh writes. */
  kubeconfig(server: string): void {
    const content = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 't' } }],
    };
    writeFileSync(join(this.state, 'kubeconfig'), JSON.stringify(content));
  }

  /** Adds an existing resource to the project. */
  put(kind: string, name: string, place = '-', network = 'default'): void {
    writeFileSync(join(this.state, 'table', `${kind}@${name}`), `${place} ${network}\n`);
  }

  /** What kube-up.sh has staged and still exists. */
  get tars(): string[] {
    const directory = join(this.state, 'tars');
    return existsSync(directory) ? readdirSync(directory) : [];
  }

  /** The resources of the project, `KIND@NAME`. */
  get table(): string[] {
    return readdirSync(join(this.state, 'table')).sort();
  }

  start(...args: string[]): Launched {
    return this.sandbox.start([process.execPath, program, 'gce', ...args]);
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** The calls of the fakes, in order; without lists, whose order varies. */
  calls(name?: string): string[] {
    return this.allCalls().filter(
      (call) => !/ list /.test(call) && (name === undefined || `${call} `.startsWith(`${name} `)),
    );
  }

  allCalls(): string[] {
    const file = join(this.state, 'calls');
    if (!existsSync(file)) return [];
    const text = readFileSync(file, 'utf8').replaceAll(`${this.sandbox.dir}/`, '');
    return text
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '');
  }

  called(line: string): Promise<unknown> {
    return this.sandbox.until(() => this.allCalls().includes(line), line);
  }

  /** The environment of a fake's last call; gcloud's is not kept. */
  envOf(name: string): Record<string, string> {
    const lines = readFileSync(join(this.state, `env-${name}`), 'utf8')
      .trimEnd()
      .split('\n');
    return Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  junit(): string {
    return this.sandbox.read('artifacts/junit_runner.xml');
  }

  facts(): Record<string, string> {
    return (JSON.parse(this.sandbox.read(`rundir/${RUN}/state.json`)) as { facts: Record<string, string> }).facts;
  }

  [Symbol.dispose](): void {
    this.sandbox[Symbol.dispose]();
  }

  #fake(path: string): void {
    mkdirSync(join(path, '..'), { recursive: true });
    copyFileSync(fake, path);
    chmodSync(path, 0o755);
    writeFileSync(join(path, '..', '.state'), `${this.state}\n`);
  }
}

/** The ID of the run, and the name that its resources get from it. */
export const RUN = '09a2565a-7ac6-11eb-a603-2218f636630c';
export const NAME = 'kt2-09a2565a-7ac6';

/** The call that deletes what kube-up.sh has staged. */
export const unstage = (project: string, region = 'us-central1'): string => {
  const hash = createHash('md5').update(project).digest('hex').slice(0, 10);
  return `gcloud storage rm gs://kubernetes-staging-${hash}-${region}/${NAME}-devel/** --project=${project} --quiet`;
};

/** The package of a release with the binaries for this host. */
export const CLIENT = `client-${hostPlatform().os}-${hostPlatform().arch}`;

/** A server of releases: markers, and packages with their digests. */
export async function releases() {
  const release = Buffer.from('a release');
  const tar = (part: string, version = 'release/v1.36.1') => {
    const bytes = Buffer.from(part);
    const path = `/${version}/kubernetes-${part}.tar.gz`;
    return { [path]: bytes, [`${path}.sha512`]: createHash('sha512').update(bytes).digest('hex') };
  };
  const requested: string[] = [];
  const answers: Record<string, string | Buffer> = {
    '/ci/latest.txt': 'v1.36.0-alpha.1.2+abcdef0123456\n',
    '/release/stable-1.36.txt': 'v1.36.1\n',
    '/release/v1.36.1/kubernetes.tar.gz': release,
    '/release/v1.36.1/kubernetes.tar.gz.sha512': createHash('sha512').update(release).digest('hex'),
    ...tar('server-linux-amd64'),
    ...tar(CLIENT),
    ...tar('server-linux-amd64', 'ci/v1.36.0-alpha.1.2+abcdef0123456'),
    ...tar(CLIENT, 'ci/v1.36.0-alpha.1.2+abcdef0123456'),
    '/ci/v1.36.0-alpha.1.2+abcdef0123456/kubernetes.tar.gz': release,
    '/ci/v1.36.0-alpha.1.2+abcdef0123456/kubernetes.tar.gz.sha512': '0'.repeat(128),
    '/release/page.txt': '<html>not found</html>',
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    requested.push(path);
    const answer = answers[path];
    response.writeHead(answer === undefined ? 404 : 200).end(request.method === 'HEAD' ? undefined : answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requested,
    answers,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The API of a cluster whose nodes are these, each Ready or not. */
export async function api(nodes: Readonly<Record<string, boolean>>) {
  const items = Object.entries(nodes).map(([name, ready]) => ({
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', reason: 'KubeletNotReady' }] },
  }));
  const server = createServer((request, response) => {
    const body =
      request.url === '/version' ? { gitVersion: 'v1.36.1' } : { items: request.url === '/api/v1/nodes' ? items : [] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
