import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Held {
  readonly bytes: Buffer;
  readonly type: string;
  readonly cacheControl: string | undefined;
  readonly generation: number;
}

/** What goes wrong with one call: an answer of this status, or none at all. */
type Fault = number | 'drop';

/** Cloud Storage's JSON API as far as staging uses it, over a bucket `b`, with faults on demand. */
export class FakeGcs extends EventEmitter implements AsyncDisposable {
  readonly objects = new Map<string, Held>();
  /** Of uploads, in order. */
  readonly uploads: string[] = [];
  /** What testPermissions says; a number is the status it answers with instead. */
  permissions: readonly string[] | number = 404;
  /** Called before an upload takes effect. */
  beforeUpload: (name: string) => void = () => undefined;
  #generation = 1000;
  readonly #faults: { matches: (url: URL, method: string) => boolean; fault: Fault }[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<FakeGcs> {
    const server = new FakeGcs();
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next uploads of a name go wrong, one fault each. */
  failUpload(name: string, ...faults: Fault[]): void {
    const matches = (url: URL) => url.pathname.startsWith('/upload/') && url.searchParams.get('name') === name;
    this.#faults.push(...faults.map((fault) => ({ matches, fault })));
  }

  /** The next listings go wrong, one fault each. */
  failList(...faults: Fault[]): void {
    const matches = (url: URL, method: string) => method === 'GET' && url.pathname.endsWith('/o');
    this.#faults.push(...faults.map((fault) => ({ matches, fault })));
  }

  text(name: string): string | undefined {
    return this.objects.get(name)?.bytes.toString();
  }

  put(name: string, text: string | Buffer, type = 'text/plain', cacheControl?: string): void {
    this.#generation += 1;
    this.objects.set(name, { bytes: Buffer.from(text), type, cacheControl, generation: this.#generation });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://x');
    const method = request.method ?? '';
    const at = this.#faults.findIndex(({ matches }) => matches(url, method));
    const fault = at === -1 ? undefined : this.#faults.splice(at, 1)[0]?.fault;
    if (fault === 'drop') return void request.socket.destroy();
    const body = await buffer(request);
    if (fault !== undefined) return refuse(response, fault);
    const [, name] = /^\/storage\/v1\/b\/b\/o\/(.+)$/.exec(url.pathname) ?? [];
    if (url.pathname === '/upload/storage/v1/b/b/o') this.#upload(url, request, body, response);
    else if (url.pathname === '/storage/v1/b/b/iam/testPermissions') this.#granted(url, response);
    else if (url.pathname === '/storage/v1/b/b') say(response, { name: 'b' });
    else if (url.pathname === '/storage/v1/b/b/o') this.#list(url, response);
    else if (name !== undefined) this.#get(decodeURIComponent(name), url, response);
    else refuse(response, 404);
  }

  #upload(url: URL, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const name = url.searchParams.get('name') ?? '';
    this.uploads.push(name);
    this.beforeUpload(name);
    const wanted = url.searchParams.get('ifGenerationMatch');
    if (wanted !== null && Number(wanted) !== (this.objects.get(name)?.generation ?? 0)) return refuse(response, 412);
    const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? '';
    const headers = body.indexOf('\r\n\r\n', body.indexOf('\r\n\r\n') + 4);
    const [, json = '{}'] = /\r\n\r\n(\{.*\})\r\n/.exec(body.subarray(0, headers).toString()) ?? [];
    const metadata = JSON.parse(json) as { contentType: string; cacheControl?: string };
    const bytes = body.subarray(headers + 4, body.lastIndexOf(`\r\n--${boundary}--`));
    this.put(name, bytes, metadata.contentType, metadata.cacheControl);
    this.emit('upload', name);
    say(response, this.#metadata(name));
  }

  #granted(url: URL, response: ServerResponse): void {
    if (typeof this.permissions === 'number') return refuse(response, this.permissions);
    const granted = url.searchParams.getAll('permissions').filter((each) => [this.permissions].flat().includes(each));
    say(response, granted.length > 0 ? { permissions: granted } : {});
  }

  #list(url: URL, response: ServerResponse): void {
    const prefix = url.searchParams.get('prefix') ?? '';
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort(inOrder);
    const from = Number(url.searchParams.get('pageToken') ?? 0);
    const page = names.slice(from, from + 4);
    const more = from + 4 < names.length ? { nextPageToken: String(from + 4) } : {};
    say(response, { items: page.map((name) => this.#metadata(name)), ...more });
  }

  #get(name: string, url: URL, response: ServerResponse): void {
    const held = this.objects.get(name);
    if (held === undefined) refuse(response, 404);
    else if (url.searchParams.get('alt') === 'media') response.writeHead(200).end(held.bytes);
    else say(response, this.#metadata(name));
  }

  #metadata(name: string) {
    const held = this.objects.get(name);
    const bytes = held?.bytes ?? Buffer.of();
    const md5Hash = createHash('md5').update(bytes).digest('base64');
    return { name, bucket: 'b', size: String(bytes.length), md5Hash, generation: String(held?.generation) };
  }
}

function say(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, code: number): void {
  const error = { code, message: `as the test says: ${code}` };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1);
