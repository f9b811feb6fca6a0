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

/** A fault of one call: a response with this status, a broken connection, or no response at all (`hung` is emitted). */
type Fault = number | 'drop' | 'hang';

/** A resumable upload. */
interface Session {
  readonly name: string;
  readonly replaces: string | null;
  readonly type: string;
  arrived: Buffer;
}

/**
 * What goes wrong with a part: the connection breaks after so many bytes, or once everything has arrived; nothing of it
 * is taken; or the session is forgotten.
 */
type PartFault = number | 'no answer' | 'nothing taken' | 'forgotten' | undefined;

/** Cloud Storage's JSON API as far as staging uses it, over a bucket `b`, with faults on demand. */
export class FakeGcs extends EventEmitter implements AsyncDisposable {
  readonly objects = new Map<string, Held>();
  /** Of uploads, in order. */
  readonly uploads: string[] = [];
  /** The response of testPermissions; a number is an error status. */
  permissions: readonly string[] | number = 404;
  /** Called before an upload takes effect. */
  beforeUpload: (name: string) => void = () => undefined;
  /** The `Content-Range` of each part of a resumable upload, in order. */
  readonly parts: string[] = [];
  readonly #sessions = new Map<string, Session>();
  readonly #partFaults: PartFault[] = [];
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

  /** Makes the next uploads of a name fail, one fault each. */
  failUpload(name: string, ...faults: Fault[]): void {
    const matches = (url: URL) => url.pathname.startsWith('/upload/') && url.searchParams.get('name') === name;
    this.#faults.push(...faults.map((fault) => ({ matches, fault })));
  }

  /** Makes the next parts of resumable uploads fail, one fault each. */
  failPart(...faults: PartFault[]): void {
    this.#partFaults.push(...faults);
  }

  /** Makes the next listings fail, one fault each. */
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
    if (fault === 'hang') return void this.emit('hung');
    const session = url.searchParams.get('upload_id');
    if (session !== null) return await this.#part(session, request, response);
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
    if (!this.#matches(name, wanted)) return refuse(response, 412);
    const type = request.headers['content-type'] ?? '';
    switch (url.searchParams.get('uploadType')) {
      case 'media':
        return this.#store(name, body, response, type);
      case 'resumable': {
        const id = String(this.#sessions.size + 1);
        const session = { name, replaces: wanted, type: String(request.headers['x-upload-content-type']) };
        this.#sessions.set(id, { ...session, arrived: Buffer.of() });
        response.writeHead(200, { location: `${this.url}/upload/storage/v1/b/b/o?upload_id=${id}` }).end();
        return;
      }
      default: {
        const boundary = /boundary=(.+)$/.exec(type)?.[1] ?? '';
        const headers = body.indexOf('\r\n\r\n', body.indexOf('\r\n\r\n') + 4);
        const [, json = '{}'] = /\r\n\r\n(\{.*\})\r\n/.exec(body.subarray(0, headers).toString()) ?? [];
        const said = JSON.parse(json) as { contentType: string; cacheControl?: string };
        const bytes = body.subarray(headers + 4, body.lastIndexOf(`\r\n--${boundary}--`));
        this.#store(name, bytes, response, said.contentType, said.cacheControl);
      }
    }
  }

  /** Of a connection that breaks a part is kept; Cloud Storage's own parts are whole 256 KiB, these are anything. */
  async #part(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    const range = request.headers['content-range'] ?? '';
    this.parts.push(range);
    const fault = this.#partFaults.shift();
    if (fault === 'forgotten') this.#sessions.delete(id);
    const session = this.#sessions.get(id);
    if (session === undefined) return void request.resume().on('end', () => refuse(response, 410));
    const pieces: Buffer[] = [session.arrived];
    let came = 0;
    for await (const piece of request as AsyncIterable<Buffer>) {
      pieces.push(piece);
      came += piece.length;
      if (typeof fault === 'number' && came >= fault) break;
    }
    if (fault === 'nothing taken') return void response.writeHead(308).end();
    const arrived = Buffer.concat(pieces);
    const total = Number(range.split('/').at(-1));
    const whole = arrived.length === total;
    session.arrived = whole ? arrived : arrived.subarray(0, arrived.length - (arrived.length % 100_003));
    if (typeof fault === 'number') return void socket.destroy();
    if (!whole) {
      const last = session.arrived.length - 1;
      response.writeHead(308, last < 0 ? {} : { range: `bytes=0-${last}` }).end();
      return;
    }
    if (!this.objects.has(session.name) && !this.#matches(session.name, session.replaces)) return refuse(response, 412);
    if (fault !== 'no answer') return this.#store(session.name, arrived, response, session.type);
    this.put(session.name, arrived, session.type);
    socket.destroy();
  }

  #matches(name: string, wanted: string | null): boolean {
    return wanted === null || Number(wanted) === (this.objects.get(name)?.generation ?? 0);
  }

  #store(name: string, bytes: Buffer, response: ServerResponse, type: string, cacheControl?: string): void {
    this.put(name, bytes, type, cacheControl);
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
