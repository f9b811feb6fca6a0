import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on this machine. */
export interface FileServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly url: string;
}

/** Serves files by their paths, each with its .sha512 beside it as Kubernetes publishes them; parts of files too. */
export async function serveFiles(files: Readonly<Record<string, Buffer>>): Promise<FileServer> {
  const all = new Map<string, Buffer>();
  for (const [path, bytes] of Object.entries(files)) {
    all.set(path, bytes).set(`${path}.sha512`, Buffer.from(createHash('sha512').update(bytes).digest('hex')));
  }
  const server = createServer((request, response) => {
    const bytes = all.get(request.url ?? '');
    if (bytes === undefined) return void response.writeHead(404).end('not found\n');
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    if (from === undefined) return void response.writeHead(200, { etag: '"one"' }).end(bytes);
    const part = bytes.subarray(Number(from), to ? Number(to) + 1 : undefined);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    response.writeHead(206, { etag: '"one"', 'content-range': range }).end(part);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
