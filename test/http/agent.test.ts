import { expect, test } from 'vitest';
import { opened } from '../helpers/downloader.ts';
import { hex, published, serve } from '../helpers/servers/files.ts';
import { proxyTo } from '../helpers/servers/proxy.ts';
import { noise } from '../helpers/test-package.ts';

const kubectl = noise(20_000);

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

test('no_proxy is honoured, and this host is never reached through a proxy', async () => {
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

test('plain http to another host is refused without a pin or --allow-unverified', async () => {
  const { acquirer, signal } = opened();
  await expect(acquirer.file('http://mirror.example/kubectl', { signal })).rejects.toThrow(/refusing plain http/);
});
