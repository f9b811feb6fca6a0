import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What Google's compute API calls the kinds of gcloud. */
const COLLECTIONS: Readonly<Record<string, string>> = {
  instances: 'instances',
  addresses: 'addresses',
  disks: 'disks',
  firewalls: 'firewall-rules',
  forwardingRules: 'forwarding-rules',
  targetPools: 'target-pools',
  backendServices: 'backend-services',
  healthChecks: 'health-checks',
  instanceGroupManagers: 'instance-groups managed',
  instanceGroups: 'instance-groups unmanaged',
  instanceTemplates: 'instance-templates',
  routes: 'routes',
  routers: 'routers',
  subnetworks: 'networks subnets',
  networks: 'networks',
};

interface Answer {
  readonly status: number;
  readonly body: object;
}

/**
 * Google's compute API as far as resources are listed, made and deleted, over a directory with a file for each; and of Cloud
 * Storage's as much as it takes to list and delete objects.
 */
export class ComputeResources implements AsyncDisposable {
  readonly #table: string;
  /** Every request, `METHOD path`; those within a batch one by one. */
  readonly asked: string[] = [];
  /** The objects of all buckets, `BUCKET/NAME`. */
  readonly objects = new Set<string>();
  readonly #server = createServer((request, response) => {
    this.#answer(request).then(
      ({ type, text, status }) => response.writeHead(status, { 'content-type': type }).end(text),
      () => response.destroy(),
    );
  });

  private constructor(table: string) {
    this.#table = table;
  }

  static async start(table: string): Promise<ComputeResources> {
    const api = new ComputeResources(table);
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  /** What points gcloud here, with a configuration of its own in `directory` and no credentials. */
  environment(directory: string): Record<string, string> {
    return {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${this.#url}/compute/v1/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE: `${this.#url}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${this.#url}/storage/v1/`,
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      CLOUDSDK_CONFIG: directory,
      CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; type: string; text: string }> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    if (request.url?.startsWith('/batch/')) return this.#batch(text);
    if (request.url?.startsWith('/storage/')) return this.#storage(request.method ?? '', request.url);
    const { status, body } = this.#one(request.method ?? '', request.url ?? '', text);
    return { status, type: 'application/json', text: JSON.stringify(body) };
  }

  #storage(method: string, asked: string): { status: number; type: string; text: string } {
    const url = new URL(asked, this.#url);
    const [, bucket = '', name = ''] = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? [];
    const object = decodeURIComponent(name);
    this.asked.push(`${method} ${decodeURIComponent(url.pathname)}`);
    const type = 'application/json';
    if (method === 'DELETE') {
      return { status: this.objects.delete(`${bucket}/${object}`) ? 204 : 404, type, text: '' };
    }
    const prefix = `${bucket}/${object || (url.searchParams.get('prefix') ?? '')}`;
    const items = [...this.objects]
      .filter((each) => each.startsWith(prefix))
      .map((each) => ({ bucket, name: each.slice(bucket.length + 1), size: '1', generation: '1' }));
    return { status: 200, type, text: JSON.stringify({ kind: 'storage#objects', items }) };
  }

  /** Several requests in one, each a part of its own; so are the answers. */
  #batch(text: string) {
    const parts = [...text.matchAll(/Content-ID: <([^>]+)>\r?\n\r?\n(\w+) (\S+) HTTP/gi)];
    const answers = parts.map(([, id, method = '', path = '']) => {
      const { status, body } = this.#one(method, path, '');
      const head = `Content-Type: application/http\r\nContent-ID: <response-${id}>\r\n\r\nHTTP/1.1 ${status} OK`;
      return `--batch\r\n${head}\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(body)}\r\n`;
    });
    return { status: 200, type: 'multipart/mixed; boundary=batch', text: `${answers.join('')}--batch--` };
  }

  #one(method: string, url: string, text: string): Answer {
    const [path = ''] = decodeURIComponent(url).split('?');
    this.asked.push(`${method} ${path}`);
    if (path.includes('/operations/')) return this.#operation(path.replace(/\/wait$/, ''));
    if (path.endsWith(':enable')) return { status: 200, body: { name: 'operations/noop.DONE', done: true } };
    const [, scope = '', collection = '', name] =
      /^\/compute\/v1\/projects\/[^/]+\/(aggregated|global|(?:zones|regions)\/[^/]+)\/(\w+)(?:\/([^/]+))?$/.exec(
        path,
      ) ?? [];
    if (name === undefined && method === 'POST') {
      const made = JSON.parse(text) as { name: string; network?: string };
      if (existsSync(this.#file(collection, made.name))) return conflict(`${path}/${made.name}`);
      writeFileSync(this.#file(collection, made.name), `- ${made.network?.split('/').at(-1) ?? '-'}\n`);
      return this.#operation(path);
    }
    if (name === undefined) return { status: 200, body: { items: this.#list(scope, collection) } };
    if (!existsSync(this.#file(collection, name))) return missing(path);
    if (method !== 'DELETE') return { status: 200, body: this.#resource(collection, name) };
    rmSync(this.#file(collection, name));
    return this.#operation(path);
  }

  #operation(path: string): Answer {
    const at = path.replace(/\/\w+(\/[^/]+)?$/, '').replace(/\/operations$/, '');
    const selfLink = `${this.#url}${at}/operations/operation-1`;
    const body = { kind: 'compute#operation', id: '1', name: 'operation-1', status: 'DONE', operationType: 'delete' };
    return { status: 200, body: { ...body, selfLink, targetLink: `${this.#url}${path}` } };
  }

  #list(scope: string, collection: string): object {
    const all = this.#names(collection).map((name) => this.#resource(collection, name));
    if (scope !== 'aggregated') return all;
    const scopes = Object.groupBy(all, ({ scope: where }) => where);
    return Object.fromEntries(Object.entries(scopes).map(([where, group]) => [where, { [collection]: group }]));
  }

  /** A managed group is among the groups too, as in the real API. */
  #names(collection: string): string[] {
    const named = (kind: string) =>
      readdirSync(this.#table).flatMap((file) => (file.startsWith(`${kind}@`) ? [file.slice(kind.length + 1)] : []));
    const kind = COLLECTIONS[collection];
    if (kind === undefined) return [];
    return [...named(kind), ...(collection === 'instanceGroups' ? named('instance-groups managed') : [])];
  }

  #resource(collection: string, name: string) {
    const file = this.#file(collection, name);
    const managed = join(this.#table, `instance-groups managed@${name}`);
    const [place = '-', network] = readFileSync(existsSync(file) ? file : managed, 'utf8')
      .trim()
      .split(' ');
    const [what, where] = place.split('=');
    const scope = where === undefined ? 'global' : `${what}s/${where}`;
    const link = `${this.#url}/compute/v1/projects/p-1`;
    return {
      id: '1',
      name,
      scope,
      selfLink: `${link}/${scope}/${collection}/${name}`,
      ...(where === undefined ? {} : { [what ?? '']: `${link}/${scope}` }),
      ...(collection === 'networks' ? {} : { network: `${link}/global/networks/${network}` }),
    };
  }

  #file(collection: string, name: string): string {
    return join(this.#table, `${COLLECTIONS[collection] ?? collection}@${name}`);
  }
}

const missing = (path: string): Answer => refusal(404, path, 'was not found', 'notFound');
const conflict = (path: string): Answer => refusal(409, path, 'already exists', 'alreadyExists');

function refusal(status: number, path: string, what: string, reason: string): Answer {
  const message = `The resource '${path.replace('/compute/v1/', '')}' ${what}`;
  return { status, body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } } };
}
