import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { Agent, buildConnector } from 'undici';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { roundSockets } from '../../src/http/sockets.ts';
import { folder } from '../helpers/downloader.ts';
import { noise } from '../helpers/test-package.ts';

const bytes = noise(5_000_001, 7);
const send: RequestListener = (request, response) => {
  const part = Number(request.url?.slice(1) ?? 0);
  response.writeHead(200, { 'content-length': bytes.length - part }).end(bytes.subarray(part));
};

/** A server, its address and what its clients have to trust. */
async function serving(server: Server, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function certificate(context: TestContext): { readonly key: Buffer; readonly cert: Buffer } {
  const at = folder();
  const [key, cert] = [join(at, 'key.pem'), join(at, 'cert.pem')];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-subj', '/CN=here', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const words = ['req', '-x509', '-nodes', '-days', '2', ...kind, ...names, '-keyout', key, '-out', cert];
  if (spawnSync('openssl', words).status !== 0) context.skip('there is no openssl to make a certificate with');
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

function connected(options: buildConnector.BuildOptions): Agent {
  const agent = new Agent({ allowH2: false, connect: roundSockets(buildConnector, { ...options, allowH2: false }) });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** What comes when every chunk is held as long as it may be, while the connection reads on. */
async function readSlowly(agent: Agent, origin: string, part: number): Promise<Buffer> {
  const { body } = await agent.request({ origin, path: `/${part}`, method: 'GET' });
  const copies: Buffer[] = [];
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    if (held) copies.push(Buffer.from(held));
    held = chunk as Uint8Array;
    if (copies.length % 2 === 0) await later(2);
  }
  if (held) copies.push(Buffer.from(held));
  return Buffer.concat(copies);
}

describe('a slow reader has every byte as it was sent', () => {
  test('over http, several at once and one after another', async () => {
    const origin = await serving(createPlain(send), 'http');
    const agent = connected({});
    for (const _ of [1, 2]) {
      const read = await Promise.all([0, 1, 70_000].map((part) => readSlowly(agent, origin, part)));
      expect(read.map((each, at) => each.equals(bytes.subarray([0, 1, 70_000][at])))).toEqual([true, true, true]);
    }
  });

  test('over https', async (context) => {
    const { key, cert } = certificate(context);
    const origin = await serving(createSecure({ key, cert }, send), 'https');
    const read = await readSlowly(connected({ ca: cert }), origin, 3);
    expect(read.equals(bytes.subarray(3))).toBe(true);
  });
});

test('a server that closes in the middle is an error, and so is one that is not there', async () => {
  const server = createPlain((_, response) => {
    response.writeHead(200, { 'content-length': 1000 }).write('half');
    setImmediate(() => response.destroy());
  });
  const origin = await serving(server, 'http');
  const agent = connected({});
  await expect(readSlowly(agent, origin, 0)).rejects.toThrow('other side closed');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(readSlowly(agent, origin, 0)).rejects.toThrow('ECONNREFUSED');
});
