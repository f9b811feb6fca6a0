import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A Boskos that lends projects named leased-1, leased-2 … and writes down what it is asked, heartbeats left out. */
export async function fakeBoskos({ free = 1 } = {}): Promise<{ readonly url: string; readonly calls: string[] }> {
  const calls: string[] = [];
  let lent = 0;
  const server = createServer((request, response) => {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://boskos');
    if (pathname === '/acquire' && lent >= free) {
      response.writeHead(404).end(`Acquire failed: no available resource ${query.get('type')}, try again later.\n`);
    } else if (pathname === '/acquire') {
      lent += 1;
      calls.push(`acquire ${query.get('type')}`);
      response.end(
        JSON.stringify({ type: query.get('type'), name: `leased-${lent}`, state: 'busy', owner: query.get('owner') }),
      );
    } else {
      if (pathname === '/release') calls.push(`release ${query.get('name')} ${query.get('dest')}`);
      response.end(pathname === '/metric' ? '{"type":"gce-project","current":{},"owner":{}}' : '');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
