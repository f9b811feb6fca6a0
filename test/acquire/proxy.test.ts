import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { opened } from './opened.ts';
import { noise } from './package.ts';
import { hex, published, serve } from './server.ts';

const kubectl = noise(20_000);

/** A proxy that reaches one server, whatever name it is asked for. */
async function proxyTo(port: number) {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    const { pathname } = new URL(request.url ?? '');
    import('node:http').then(
      ({ get }) =>
        get({ port, host: '127.0.0.1', path: pathname, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        }),
      () => response.destroy(),
    );
  });
  proxy.on('connect', (request, client, head) => {
    asked.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { asked, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

test.each(['http_proxy', 'HTTP_PROXY'])('%s is honoured', async (name) => {
  const server = await serve(published('/kubectl', kubectl));
  const proxy = await proxyTo(Number(new URL(server.url).port));
  const { acquirer, signal } = opened({ allowUnverified: true }, { env: { [name]: proxy.url } });
  expect(await acquirer.file('http://mirror.example/kubectl', { signal })).toMatchObject({
    sha256: hex('sha256', kubectl),
    verified: 'sha512',
  });
  expect(proxy.asked.length).toBeGreaterThan(0);
  expect(proxy.asked[0]).toContain('mirror.example');
});

test('no_proxy is honoured, and this machine is never reached through a proxy', async () => {
  const server = await serve(published('/kubectl', kubectl));
  const proxy = await proxyTo(1);
  const { acquirer, signal } = opened(
    { allowUnverified: true },
    { env: { http_proxy: proxy.url, no_proxy: 'mirror.invalid' } },
  );
  await acquirer.file(`${server.url}/kubectl`, { signal });
  await expect(acquirer.file('http://mirror.invalid/kubectl', { signal })).rejects.toThrow(/mirror\.invalid/);
  expect(proxy.asked).toEqual([]);
});

test('plain http beyond this machine is refused without a pin or --allow-unverified', async () => {
  const { acquirer, signal } = opened();
  await expect(acquirer.file('http://mirror.example/kubectl', { signal })).rejects.toThrow(/plain http is not trusted/);
});
