import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { component } from './components.ts';

/** This machine as Kubernetes' file names have it. */
export const HOST = { os: platform(), arch: arch() === 'x64' ? 'amd64' : arch() };

/** A directory like a release bucket, with the test package of one version as krel lays it out. */
export interface Bucket extends AsyncDisposable {
  readonly dir: string;
  readonly version: string;
  /** Absolute. */
  readonly tarball: string;
}

/** Packs a suite, the real ginkgo and the real kubectl, with all the checksum files. */
export async function makeBucket(suite: string, version = 'v1.36.1'): Promise<Bucket> {
  const dir = await mkdtemp(join(tmpdir(), 'bucket-'));
  const root = join(dir, 'release', version);
  const client = join(root, 'bin', HOST.os, HOST.arch);
  const staging = join(dir, 'staging');
  const programs = join(staging, 'kubernetes', 'test', 'bin');
  await mkdir(client, { recursive: true });
  await mkdir(programs, { recursive: true });
  await copyFile(suite, join(programs, 'e2e.test'));
  await copyFile(component('ginkgo'), join(programs, 'ginkgo'));
  await writeFile(join(staging, 'kubernetes', 'README.md'), 'What is not wanted.\n');
  const tarball = join(root, `kubernetes-test-${HOST.os}-${HOST.arch}.tar.gz`);
  execFileSync('tar', ['-C', staging, '-I', 'gzip -1', '-cf', tarball, 'kubernetes']);
  await rm(staging, { recursive: true });
  await copyFile(component('kubectl'), join(client, 'kubectl'));
  await writeChecksums(root);
  await writeFile(join(dir, 'release', 'latest.txt'), version);
  return { dir, version, tarball, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** SHA256SUMS and SHA512SUMS without a final newline, and a bare digest beside every file, those two included. */
async function writeChecksums(root: string): Promise<void> {
  const all = async () => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  const files = await all();
  for (const algorithm of ['sha256', 'sha512']) {
    const lines = files.map(async (file) => `${await digestOf(algorithm, file)}  ${relative(root, file)}`);
    await writeFile(join(root, `${algorithm.toUpperCase()}SUMS`), (await Promise.all(lines)).join('\n'));
  }
  for (const file of await all()) {
    for (const algorithm of ['sha256', 'sha512']) {
      await writeFile(`${file}.${algorithm}`, await digestOf(algorithm, file));
    }
  }
}

async function digestOf(algorithm: string, file: string): Promise<string> {
  return createHash(algorithm)
    .update(await readFile(file))
    .digest('hex');
}

/** A server whose address is used, and the paths it was asked for. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly string[];
}

/** Serves a directory on loopback. */
export async function serve(dir: string): Promise<Served> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    asked.push(path);
    const file = createReadStream(join(dir, path));
    file.on('error', () => response.writeHead(404).end('not there'));
    file.pipe(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

/** The real fake-gcs-server with a directory as its only bucket, `gs://bucket`; `url` is its endpoint. */
export async function serveAsBucket(dir: string): Promise<AsyncDisposable & { readonly url: string }> {
  const data = await mkdtemp(join(tmpdir(), 'gcs-'));
  execFileSync('cp', ['-r', dir, join(data, 'bucket')]);
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await once(probe.close(), 'close');
  const args = ['-scheme=http', '-host=127.0.0.1', `-port=${port}`, `-public-host=127.0.0.1:${port}`, `-data=${data}`];
  const server = spawn(component('fake-gcs-server'), [...args, '-backend=memory'], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  for (let turn = 0; turn < 300; turn += 1) {
    if (
      await fetch(`${url}/storage/v1/b/bucket`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break;
    await delay(100);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL');
      await once(server, 'exit');
      await rm(data, { recursive: true, force: true });
    },
  };
}
