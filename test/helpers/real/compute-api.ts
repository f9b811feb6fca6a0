import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part of Google's compute API that keeps the metadata of projects, on this machine. */
export class ComputeApi implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    this.#answer(request).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  readonly #metadata = new Map<string, { fingerprint: number; items: { key: string; value: string }[] }>();
  /** How many of the next changes find that somebody else was quicker. */
  conflicts = 0;
  /** Every request, `METHOD path`. */
  readonly asked: string[] = [];

  static async start(): Promise<ComputeApi> {
    const api = new ComputeApi();
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  /** What points gcloud here, with a configuration of its own in `directory` and no credentials. */
  environment(directory: string): Record<string, string> {
    return {
      CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: `${this.#url}/compute/v1/`,
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      CLOUDSDK_CONFIG: directory,
      CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    };
  }

  /** The lines of a project's SSH keys. */
  sshKeys(project: string): string[] {
    const value = this.#of(project).items.find(({ key }) => key === 'ssh-keys')?.value ?? '';
    return value.split('\n').filter((line) => line !== '');
  }

  setSshKeys(project: string, ...lines: readonly string[]): void {
    this.#of(project).items = [{ key: 'ssh-keys', value: lines.join('\n') }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #of(project: string) {
    const found = this.#metadata.get(project) ?? { fingerprint: 1, items: [] };
    this.#metadata.set(project, found);
    return found;
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const [path = ''] = (request.url ?? '').split('?');
    this.asked.push(`${request.method} ${path}`);
    const [, project = '', rest = ''] = /^\/compute\/v1\/projects\/([^/]+)\/?(.*)$/.exec(path) ?? [];
    const link = `${this.#url}/compute/v1/projects/${project}`;
    if (rest === '') return { status: 200, body: this.#project(project, link) };
    const operation = {
      kind: 'compute#operation',
      id: '1',
      name: 'operation-1',
      status: 'DONE',
      operationType: 'compute.projects.setCommonInstanceMetadata',
      selfLink: `${link}/global/operations/operation-1`,
      targetLink: link,
    };
    if (rest.startsWith('global/operations/operation-1')) return { status: 200, body: operation };
    if (rest === 'setCommonInstanceMetadata') return await this.#set(project, request, operation);
    return error(404, `no ${path}`);
  }

  async #set(project: string, request: IncomingMessage, operation: object): Promise<{ status: number; body: object }> {
    const sent = JSON.parse(await bodyOf(request)) as {
      fingerprint?: string;
      items?: { key: string; value: string }[];
    };
    const found = this.#of(project);
    if (this.conflicts > 0) {
      this.conflicts -= 1;
      found.fingerprint += 1;
    }
    if (sent.fingerprint !== fingerprintOf(found.fingerprint)) {
      return error(412, 'Supplied fingerprint does not match current metadata fingerprint.', 'conditionNotMet');
    }
    found.items = sent.items ?? [];
    found.fingerprint += 1;
    return { status: 200, body: operation };
  }

  #project(name: string, link: string): object {
    const { fingerprint, items } = this.#of(name);
    return {
      kind: 'compute#project',
      id: '1',
      name,
      selfLink: link,
      commonInstanceMetadata: { kind: 'compute#metadata', fingerprint: fingerprintOf(fingerprint), items },
    };
  }
}

const fingerprintOf = (number: number): string => Buffer.from(String(number).padStart(8, '0')).toString('base64');

function error(status: number, message: string, reason = 'notFound'): { status: number; body: object } {
  return { status, body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
