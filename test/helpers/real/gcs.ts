import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../../../src/system/wait.ts';
import { component } from './components.ts';

/** A real fake-gcs-server with an empty bucket `b`, everything in memory. */
export class GcsServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(url: string, child: ChildProcess, directory: string) {
    this.url = url;
    this.#child = child;
    this.#directory = directory;
  }

  static async start(): Promise<GcsServer> {
    const directory = await mkdtemp(join(tmpdir(), 'gcs-'));
    await mkdir(join(directory, 'b'));
    const port = await freePort();
    const at = `127.0.0.1:${port}`;
    const args = [
      '-scheme',
      'http',
      '-host',
      '127.0.0.1',
      '-port',
      String(port),
      '-backend',
      'memory',
      '-data',
      directory,
    ];
    const program = component('fake-gcs-server');
    const child = spawn(program, [...args, '-public-host', at, '-external-url', `http://${at}`], { stdio: 'ignore' });
    const server = new GcsServer(`http://${at}`, child, directory);
    const ready = async () => ((await server.object('').catch(() => undefined)) ? true : undefined);
    await waitUntil(ready, { every: 50, signal: AbortSignal.timeout(30_000) });
    return server;
  }

  /** The answer for an object's content, or for the bucket when the name is empty. */
  async object(name: string): Promise<Response> {
    const path = name === '' ? '' : `/o/${encodeURIComponent(name)}?alt=media`;
    return await fetch(`${this.url}/storage/v1/b/b${path}`);
  }

  async text(name: string): Promise<string> {
    return await (await this.object(name)).text();
  }

  /** The names below a prefix. */
  async names(prefix: string): Promise<string[]> {
    const answer = await fetch(`${this.url}/storage/v1/b/b/o?prefix=${encodeURIComponent(prefix)}&maxResults=5000`);
    const { items = [] } = (await answer.json()) as { items?: { name: string }[] };
    return items.map(({ name }) => name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await once(server.close(), 'close');
  return port;
}
