import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { StageBucket } from '../../src/gcs/bucket.ts';
import { buildAndStage } from '../../src/kube-build/build-and-stage.ts';
import { parseStage } from '../../src/kube-build/location.ts';
import { updateMarkers } from '../../src/kube-build/markers.ts';
import { stageBuild } from '../../src/kube-build/stage.ts';
import { waitUntil } from '../../src/system/wait.ts';
import { bytesOf, opened } from '../helpers/downloader.ts';
import { lines, never } from '../helpers/lease.ts';
import { describeWith } from '../helpers/real/components.ts';
import { GcsServer } from '../helpers/real/gcs.ts';
import { put, type Scene, scene } from '../helpers/staging.ts';
import { E2E, noise, packageOf } from '../helpers/test-package.ts';

const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';
const AT = parseStage('gs://b/ci', 'path');

/** Adds a build of many small files and a large one to a tree. */
async function fill(here: Scene, files: number, large = 0): Promise<void> {
  for (let at = 0; at < files; at += 1) await put(here.tree, `_output/release-tars/d${at % 7}/f${at}`, `file ${at}`);
  if (large > 0) await writeFile(join(here.tree, '_output/release-tars/large.tar.gz'), randomBytes(large));
}

const stageIt = (here: Scene, signal = never()) =>
  stageBuild({ repoRoot: here.tree, gceFiles: false }, AT, VERSION, here.run, signal);

const program = fileURLToPath(new URL('../helpers/programs/stage.ts', import.meta.url));
const stageApart = (here: Scene, server: GcsServer): ChildProcess =>
  spawn(process.execPath, [program, here.tree, VERSION, server.url, 'gs://b/ci'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

describeWith(['fake-gcs-server'], 'staging to the real fake-gcs-server', () => {
  test('stages a build, updates the markers, and skips it in the next call', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    const options = here.options({ stage: 'gs://b/ci', updateLatest: true });
    await buildAndStage(options, here.run, never());
    expect(await server.text(`ci/${VERSION}/kubernetes.tar.gz`)).toBe('all');
    const sum = createHash('sha256').update('all').digest('hex');
    expect(await server.text(`ci/${VERSION}/kubernetes.tar.gz.sha256`)).toBe(sum);
    expect(await server.text(`ci/${VERSION}/SHA256SUMS`)).toMatch(`${sum}  kubernetes.tar.gz`);
    for (const marker of ['latest', 'latest-1', 'latest-1.36']) {
      const response = await server.object(`ci/${marker}.txt`);
      expect(await response.text()).toBe(VERSION);
      expect(response.headers.get('cache-control')).toBe('private, max-age=0, no-transform');
    }
    const calls = (await here.calls()).length;
    await buildAndStage(options, here.run, never());
    expect((await here.calls()).length).toBe(calls);
  });

  test('a staged build can be found by its marker and verified, members and binaries', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    const e2e = noise(3_000_000, 3);
    await put(here.tree, '_output/release-stage/client/linux-arm64/kubernetes/client/bin/kubectl', 'arm');
    const tarball = join(here.tree, '_output/release-tars/kubernetes-test-linux-arm64.tar.gz');
    await mkdir(dirname(tarball), { recursive: true });
    await writeFile(tarball, packageOf({ path: E2E, bytes: e2e }));
    await buildAndStage(here.options({ stage: 'gs://b/ci/job', updateLatest: true }), here.run, never());
    const { acquirer, signal } = opened({ gcsEndpoint: server.url });
    const { root, version } = await acquirer.resolve('gs://b/ci/job/latest.txt', { signal });
    expect({ root, version }).toEqual({ root: `gs://b/ci/job/${VERSION}`, version: VERSION });
    const found = await acquirer.members(`${root}/kubernetes-test-linux-arm64.tar.gz`, [E2E], { signal });
    expect(bytesOf(found[E2E]).equals(e2e)).toBe(true);
    expect(found[E2E]).toMatchObject({ verified: 'sha512' });
    const kubectl = await acquirer.file(`${root}/bin/linux/arm64/kubectl`, { signal });
    expect(bytesOf(kubectl).toString()).toBe('arm');
  });

  test('uploads large files unchanged, and nothing twice', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    await fill(here, 30, 70 << 20);
    const first = await stageIt(here);
    expect(first).toMatchObject({ objects: 33 * 3, written: 33 * 3 });
    const bytes = Buffer.from(await (await server.object(`ci/${VERSION}/large.tar.gz`)).arrayBuffer());
    const sum = createHash('sha512').update(bytes).digest('hex');
    expect(await server.text(`ci/${VERSION}/large.tar.gz.sha512`)).toBe(sum);
    expect(await stageIt(here)).toMatchObject({ written: 0, bytes: 0 });
  });

  test('two publishers of the same build at once both succeed, and nothing is missing', async () => {
    await using server = await GcsServer.start();
    await using one = await scene({ gcsEndpoint: server.url });
    await using two = await scene({ gcsEndpoint: server.url });
    await fill(one, 120);
    await fill(two, 120);
    const staged = await Promise.all([stageIt(one), stageIt(two)]);
    expect((await server.names(`ci/${VERSION}/`)).length).toBe(122 * 3);
    expect(staged[0].written + staged[1].written).toBe(122 * 3);
  });

  test('of two different builds of one version at once one fails', async () => {
    await using server = await GcsServer.start();
    await using one = await scene({ gcsEndpoint: server.url });
    await using two = await scene({ gcsEndpoint: server.url });
    await fill(one, 40, 1000);
    await fill(two, 40, 1000);
    const results = await Promise.allSettled([stageIt(one), stageIt(two)]);
    const failed = results.filter((result) => result.status === 'rejected');
    expect(failed.map(({ reason }) => String(reason)).join()).toMatch('another process is staging a different build');
  });

  test('of concurrent publishers of markers the newest version wins', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    const bucket = await StageBucket.open('b', here.run);
    const versions = [3, 1, 4, 5, 9, 2, 6].map((count) => `v1.36.0-alpha.1.${count}+abcdef0`);
    await Promise.all(versions.map((version) => updateMarkers(bucket, AT, version, lines(), never())));
    for (const marker of ['latest', 'latest-1', 'latest-1.36']) {
      expect(await server.text(`ci/${marker}.txt`)).toBe('v1.36.0-alpha.1.9+abcdef0');
    }
  });

  test('uploads only what is missing after a publisher that was killed', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    await fill(here, 400);
    const killed = stageApart(here, server);
    const some = async () => ((await server.names(`ci/${VERSION}/`)).length > 20 ? true : undefined);
    await waitUntil(some, { every: 10, signal: AbortSignal.timeout(60_000) });
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    const existing = (await server.names(`ci/${VERSION}/`)).length;
    expect(existing).toBeLessThan(402 * 3);
    const next = await stageIt(here);
    expect(next.written).toBe(402 * 3 - existing);
    expect((await server.names(`ci/${VERSION}/`)).length).toBe(402 * 3);
  });

  test('uses the same memory for large files', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    await fill(here, 5, 300 << 20);
    const child = stageApart(here, server);
    if (child.stdout === null) throw new Error('no output');
    const { rss, bytes } = JSON.parse(await text(child.stdout)) as { rss: number; bytes: number };
    expect(bytes).toBeGreaterThan(300 << 20);
    expect(rss >> 20).toBeLessThan(250);
  });
});
