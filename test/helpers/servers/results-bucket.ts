import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A bucket of Cloud Storage as far as results are read from it: lists with directories and offsets, and gets. */
export class ResultsBucket implements AsyncDisposable {
  readonly #server: Server;
  readonly #files: ReadonlyMap<string, string>;
  /** The queries of lists, and the names of objects that were read. */
  readonly lists: string[] = [];
  readonly reads: string[] = [];
  /** How many requests ran at once, at most. */
  most = 0;
  /** Answers this for so many requests, then as it should. */
  refusals: { status: number; count: number } = { status: 503, count: 0 };
  #running = 0;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async open(files: ReadonlyMap<string, string>): Promise<ResultsBucket> {
    const bucket = new ResultsBucket(files);
    await new Promise<void>((resolve) => bucket.#server.listen(0, '127.0.0.1', resolve));
    return bucket;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.most = Math.max(this.most, ++this.#running);
    setTimeout(() => {
      this.#running -= 1;
      this.#give(new URL(request.url ?? '', this.endpoint), response);
    }, 2);
  }

  #give(url: URL, response: ServerResponse): void {
    if (this.refusals.count > 0) {
      this.refusals.count -= 1;
      return void response.writeHead(this.refusals.status).end('no');
    }
    const [, bucket, object] = /^\/storage\/v1\/b\/([^/]+)\/o(?:\/(.+))?$/.exec(url.pathname) ?? [];
    if (bucket !== 'bucket') return void response.writeHead(404).end('{"error":{"message":"no such bucket"}}');
    if (object === undefined) return this.#list(url, response);
    const name = decodeURIComponent(object);
    const content = this.#files.get(name);
    this.reads.push(name);
    if (content === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'x-goog-generation': '1' }).end(content);
  }

  #list({ searchParams }: URL, response: ServerResponse): void {
    const [prefix, delimiter, start] = ['prefix', 'delimiter', 'startOffset'].map((key) => searchParams.get(key) ?? '');
    this.lists.push(`${prefix}${start === '' ? '' : ` from ${start}`}`);
    const names = [...this.#files.keys()]
      .filter((name) => name.startsWith(prefix ?? '') && name >= (start ?? ''))
      .sort((a, b) => (a < b ? -1 : 1));
    const depth = (prefix ?? '').length;
    const directory = (name: string) => name.slice(0, name.indexOf('/', depth) + 1);
    const deep = (name: string) => delimiter === '/' && name.includes('/', depth);
    const prefixes = [...new Set(names.filter(deep).map(directory))];
    const items = names
      .filter((name) => !deep(name))
      .map((name) => ({ name, size: String(Buffer.byteLength(this.#files.get(name) ?? '')) }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ items, prefixes }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
