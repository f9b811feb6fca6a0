import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { openBucket } from '../../src/gcs/client.ts';
import { waitUntil } from '../../src/system/wait.ts';
import { bytesOf, opened, tempDirectory } from '../helpers/downloader.ts';
import { component, describeWith } from '../helpers/real/components.ts';
import { hex } from '../helpers/servers/files.ts';
import { E2E, noise, packageOf } from '../helpers/test-package.ts';

const ROOT = 'ci/v1.37.0-alpha.1.2+abcdef0123';
const e2e = noise(3_000_000, 3);
const tests = packageOf({ path: E2E, bytes: e2e }, { path: 'rest', bytes: noise(6_000_000, 4) });

const SEED: Readonly<Record<string, string | Buffer>> = {
  'ci/latest.txt': 'v1.37.0-alpha.1.2+abcdef0123\n',
  'ci/broken.txt': '<html>',
  [`${ROOT}/kubernetes-test-linux-amd64.tar.gz`]: tests,
  [`${ROOT}/kubernetes-test-linux-amd64.tar.gz.sha512`]: hex('sha512', tests),
  [`${ROOT}/bin/linux/amd64/kubectl`]: e2e,
  [`${ROOT}/SHA256SUMS`]: `${hex('sha256', e2e)}  bin/linux/amd64/kubectl`,
};

/** A real fake-gcs-server with one bucket; its address. */
async function start(): Promise<string> {
  const data = tempDirectory();
  for (const [path, content] of Object.entries(SEED)) {
    mkdirSync(dirname(join(data, 'builds', path)), { recursive: true });
    writeFileSync(join(data, 'builds', path), content);
  }
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const words = ['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`, '-backend', 'memory', '-data', data];
  const child = spawn(
    component('fake-gcs-server'),
    [...words, '-public-host', `127.0.0.1:${port}`, '-external-url', endpoint],
    { stdio: 'ignore' },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const healthy = async () =>
    (await fetch(`${endpoint}/_internal/healthcheck`).catch(() => undefined))?.ok ? true : undefined;
  await waitUntil(healthy, { every: 50, signal: AbortSignal.timeout(30_000) });
  return endpoint;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

describeWith(['fake-gcs-server'], 'gs:// against a real server', () => {
  let gcsEndpoint = '';
  beforeEach(async () => {
    gcsEndpoint = await start();
  });

  test('a marker leads to a version, and its package to verified members', async () => {
    const { acquirer, signal } = opened({ gcsEndpoint });
    const { root, version } = await acquirer.resolve('gs://builds/ci/latest.txt', { signal });
    expect({ root, version }).toEqual({ root: `gs://builds/${ROOT}`, version: 'v1.37.0-alpha.1.2+abcdef0123' });
    const url = `${root}/kubernetes-test-linux-amd64.tar.gz`;
    const { [E2E]: file } = await acquirer.members(url, [E2E], { signal });
    expect(bytesOf(file).equals(e2e)).toBe(true);
    expect(file).toMatchObject({ verified: 'sha512', cacheHit: false, url });
    expect(await acquirer.members(url, [E2E], { signal })).toMatchObject({ [E2E]: { cacheHit: true } });
  });

  test.each([1, 4])(
    'a file is verified by the sums of its version, over %d connections',
    async (downloadConnections) => {
      const { acquirer, signal } = opened({ gcsEndpoint, downloadConnections });
      const file = await acquirer.file(`gs://builds/${ROOT}/bin/linux/amd64/kubectl`, { signal });
      expect(file).toMatchObject({ verified: 'sha256', sha256: hex('sha256', e2e) });
    },
  );

  test('what is not there is said so at once', async () => {
    const { acquirer, signal } = opened({ gcsEndpoint });
    await expect(acquirer.resolve('gs://builds/ci/none.txt', { signal })).rejects.toThrow(
      /gs:\/\/builds\/ci\/none\.txt: /,
    );
    await expect(acquirer.resolve('gs://nobody/ci/none.txt', { signal })).rejects.toThrow(
      /gs:\/\/nobody\/ci\/none\.txt: /,
    );
    await expect(acquirer.resolve('gs://builds/ci/broken.txt', { signal })).rejects.toThrow(/HTML/);
    await expect(acquirer.file('gs://builds/ci/latest.txt', { signal })).rejects.toThrow(/no checksum published/);
  });

  test('a generation precondition keeps a second writer from overwriting; the emulator variable has no effect', async () => {
    vi.stubEnv('STORAGE_EMULATOR_HOST', 'http://127.0.0.1:1');
    onTestFinished(() => void vi.unstubAllEnvs());
    const bucket = await openBucket('builds', { gcsEndpoint });
    const marker = bucket.file('ci/new.txt');
    await marker.save('v1.0.0', { preconditionOpts: { ifGenerationMatch: 0 }, resumable: false });
    await expect(
      marker.save('v2.0.0', { preconditionOpts: { ifGenerationMatch: 0 }, resumable: false }),
    ).rejects.toMatchObject({ code: 412 });
  });
});
