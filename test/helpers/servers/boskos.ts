import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

type Query = Readonly<Record<string, string | undefined>>;

/** A type of resources that are acquired under any type. */
const ANY = '*';

interface Held {
  type: string;
  name: string;
  state: string;
  owner: string;
}

/** A fault of one call. With `after` the call takes effect first. */
export type Fault =
  | { readonly status: number; readonly said?: string; readonly after?: boolean }
  | { readonly drop: 'before' | 'after' }
  | { readonly hang: true; readonly after?: boolean }
  | { readonly answer: string };

/** One received call. */
export interface Seen {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

/** A Boskos server with the real API, and faults on demand. */
export class FakeBoskos extends EventEmitter implements AsyncDisposable {
  readonly calls: Seen[] = [];
  /** Successful acquires and releases, in order: `acquire TYPE`, `release NAME STATE`. */
  readonly leases: string[] = [];
  readonly resources: Held[];
  readonly #faults = new Map<string, Fault[]>();
  readonly #queue: string[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #prefix = '';

  private constructor(resources: Readonly<Record<string, readonly string[]>>) {
    super();
    this.resources = Object.entries(resources).flatMap(([type, names]) =>
      names.map((name) => ({ type, name, state: 'free', owner: '' })),
    );
  }

  static async start(resources: Readonly<Record<string, readonly string[]>>, prefix = ''): Promise<FakeBoskos> {
    const server = new FakeBoskos(resources);
    server.#prefix = prefix;
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#prefix}`;
  }

  /** Makes the next calls of a path fail, one fault each. */
  fail(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  /** Resolves when a path was called `count` times in all. */
  async called(path: string, count = 1): Promise<void> {
    while (this.count(path) < count) await once(this, 'call');
  }

  count(path: string): number {
    return this.calls.filter((call) => call.path === path).length;
  }

  find(name: string): Held {
    const found = this.resources.find((resource) => resource.name === name);
    if (found === undefined) throw new Error(`no resource ${name}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://x');
    const path = url.pathname.slice(this.#prefix.length + 1);
    const query = Object.fromEntries(url.searchParams);
    this.calls.push({ path, query, authorization: request.headers.authorization });
    const fault = this.#faults.get(path)?.shift();
    const done = fault === undefined || 'answer' in fault || takesEffect(fault) ? this.#do(path, query) : undefined;
    if (fault === undefined) send(response, done?.status ?? 500, done?.body ?? '');
    else if ('answer' in fault) send(response, 200, fault.answer);
    else if ('status' in fault) send(response, fault.status, fault.said ?? 'as the test says');
    else if ('drop' in fault) request.socket.destroy();
    this.emit('call');
  }

  #do(path: string, query: Query): { status: number; body: string } {
    if (path === 'acquire') return this.#acquire(query);
    if (path === 'metric') return this.#metric(query['type'] ?? '');
    const held = this.resources.find(({ name }) => name === query['name']);
    if (held === undefined) return { status: 404, body: `no available resource ${query['name']}, try again later.` };
    if (held.owner !== query['owner']) {
      return { status: 401, body: `owner mismatch request by ${query['owner']}, currently owned by ${held.owner}` };
    }
    if (path === 'release') {
      Object.assign(held, { owner: '', state: query['dest'] });
      this.leases.push(`release ${held.name} ${held.state}`);
    } else if (held.state !== query['state'])
      return { status: 409, body: `state mismatch - expected ${query['state']}` };
    return { status: 200, body: '' };
  }

  #acquire(query: Query): { status: number; body: string } {
    const { type = '', state, dest = '', owner = '', request_id: id } = query;
    if (id !== undefined && !this.#queue.includes(id)) this.#queue.push(id);
    const rank = id === undefined ? this.#queue.length : this.#queue.indexOf(id);
    const ofType = this.resources.filter((resource) => resource.type === type || resource.type === ANY);
    if (ofType.length === 0) return { status: 404, body: `Acquire failed: resource type "${type}" does not exist` };
    const found = ofType.filter((resource) => resource.state === state && resource.owner === '')[rank];
    if (found === undefined) {
      return { status: 404, body: `Acquire failed: no available resource ${type}, try again later.` };
    }
    if (id !== undefined) this.#queue.splice(this.#queue.indexOf(id), 1);
    Object.assign(found, { owner, state: dest });
    this.leases.push(`acquire ${type}`);
    return { status: 200, body: JSON.stringify({ ...found, type, lastupdate: '2006-01-02T15:04:05Z', userdata: {} }) };
  }

  #metric(type: string): { status: number; body: string } {
    const ofType = this.resources.filter((resource) => resource.type === type);
    const count = (key: 'state' | 'owner') =>
      Object.fromEntries(Object.entries(Object.groupBy(ofType, (each) => each[key])).map(([k, v]) => [k, v?.length]));
    return { status: 200, body: JSON.stringify({ type, current: count('state'), owner: count('owner') }) };
  }
}

/** Starts a Boskos for one test, with `free` projects of any type named leased-1, leased-2 … */
export async function fakeBoskos({ free = 1 } = {}): Promise<{ readonly url: string; readonly calls: string[] }> {
  const names = Array.from({ length: Math.max(free, 1) }, (_, at) => `leased-${at + 1}`);
  const server = await FakeBoskos.start({ [ANY]: names });
  onTestFinished(() => server[Symbol.asyncDispose]());
  if (free === 0) server.find('leased-1').state = 'dirty';
  return { url: server.url, calls: server.leases };
}

const takesEffect = (fault: Exclude<Fault, { answer: string }>): boolean =>
  'drop' in fault ? fault.drop === 'after' : fault.after === true;

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(status === 200 ? body : `${body}\n`);
}
