import { createHash } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test as each, expect } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { buildAndStage } from '../../src/kube-build/build-and-stage.ts';
import { hostPlatform, platformName } from '../../src/system/platform.ts';
import { never } from '../helpers/lease.ts';
import { FakeGcs } from '../helpers/servers/gcs.ts';
import { put, scene } from '../helpers/staging.ts';

const test = each.concurrent;
const HOST = platformName(hostPlatform());
const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';
const stage = 'gs://b/ci';
const at = (path: string, version = VERSION) => `ci/${version}/${path}`;

test('runs make for the platform, dated by the last commit', async () => {
  await using at = await scene();
  const built = await buildAndStage(at.options({ targetBuildArch: 'linux/arm64' }), at.run, never());
  expect(built).toEqual({ version: VERSION, url: undefined });
  expect(await at.calls()).toEqual([
    'git log -1 --pretty=%ct',
    'make quick-release KUBE_BUILD_PLATFORMS=linux/arm64 (SOURCE_DATE_EPOCH=1700000000)',
  ]);
});

test('uses SOURCE_DATE_EPOCH of the environment', async () => {
  await using at = await scene({ env: { SOURCE_DATE_EPOCH: '42' } });
  await buildAndStage(at.options(), at.run, never());
  expect(await at.calls()).toEqual(['make quick-release KUBE_BUILD_PLATFORMS=linux/amd64 (SOURCE_DATE_EPOCH=42)']);
});

test('warns when git has no commit time', async () => {
  await using at = await scene({ env: { FAKE_GIT: '' } });
  await buildAndStage(at.options(), at.run, never());
  expect((await at.calls()).at(-1)).toMatch(/SOURCE_DATE_EPOCH=\)/);
  expect(at.run.log.lines.join()).toMatch('warn: Cannot get the time of the last commit');
});

test('fails with the error of make, and stages nothing', async () => {
  await using gcs = await FakeGcs.start();
  await using at = await scene({ gcsEndpoint: gcs.url, env: { FAKE_MAKE_FAILS: 'yes' } });
  await expect(buildAndStage(at.options({ stage }), at.run, never())).rejects.toMatchObject({
    name: 'CommandError',
    exitCode: 2,
    output: expect.stringContaining('it does not compile'),
  });
  expect(gcs.uploads).toEqual([]);
});

test('copies the binaries for this host to the run directory', async () => {
  await using at = await scene();
  await buildAndStage(at.options({ targetBuildArch: HOST }, { needs: ['kubectl'] }), at.run, never());
  for (const name of ['kubectl', 'e2e.test', 'ginkgo']) {
    expect(await readFile(join(at.run.dir, name), 'utf8')).toBe(`${name} ${HOST}`);
    expect((await stat(join(at.run.dir, name))).mode & 0o111).not.toBe(0);
  }
});

test('names a missing binary that the run needs', async () => {
  await using at = await scene({ env: { FAKE_MAKE_BINARIES: 'kubectl' } });
  const options = at.options({ targetBuildArch: HOST }, { needs: ['kubectl', 'e2e.test'] });
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow(
    `the build created no e2e.test for this host (${HOST})`,
  );
});

test('a build for another platform has no binaries for this host', async () => {
  await using at = await scene();
  const options = at.options({ targetBuildArch: 'linux/s390x' }, { needs: ['e2e.test'] });
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow('it was built for linux/s390x');
  expect(existsSync(join(at.run.dir, 'e2e.test'))).toBe(false);
});

test('rejects a directory that is not a source tree', async () => {
  await using at = await scene();
  const options = { ...at.options(), repoRoot: at.run.cwd };
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow(/must be the root of a Kubernetes source tree/);
});

test('stages a build with its checksums, as krel push does', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const built = await buildAndStage(here.options({ stage }), here.run, never());
  expect(built.url).toBe(`gs://b/ci/${VERSION}`);
  const files = [
    'bin/linux/amd64/kube-apiserver',
    'bin/linux/amd64/kubectl',
    'kubernetes-server-linux-amd64.tar.gz',
    'kubernetes-test-linux-amd64.tar.gz',
    'kubernetes.tar.gz',
  ];
  const hex = (path: string, kind: string) =>
    createHash(kind)
      .update(gcs.text(at(path)) ?? '')
      .digest('hex');
  expect(gcs.text(at('bin/linux/amd64/kubectl'))).toBe('kubectl linux/amd64');
  for (const kind of ['sha256', 'sha512']) {
    const sums = `${kind.toUpperCase()}SUMS`;
    expect(gcs.text(at(sums))).toBe(files.map((path) => `${hex(path, kind)}  ${path}`).join('\n'));
    for (const path of [...files, 'SHA256SUMS', 'SHA512SUMS']) {
      expect(gcs.text(at(`${path}.${kind}`))).toBe(hex(path, kind));
    }
  }
  expect(gcs.objects.size).toBe((files.length + 2) * 3);
  expect(gcs.uploads.at(-1)).toBe(at('SHA512SUMS'));
});

test('adds a suffix after the commit, or after a plus; replaces characters that a tag may not have', async () => {
  await using at = await scene();
  const versionOf = async (versionSuffix: string) =>
    (await buildAndStage(at.options({}, { versionSuffix }), at.run, never())).version;
  expect(await versionOf('run-1')).toBe(`${VERSION}-run-1`);
  await at.setVersion('v1.36.0');
  expect(await versionOf('run-1')).toBe('v1.36.0+run-1');
  expect(await versionOf('a_b/c')).toBe('v1.36.0+a-b-c');
});

test('stages a tagged tree', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await here.setVersion('v1.36.0');
  await buildAndStage(here.options({ stage }, { versionSuffix: '09a2-x' }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz', 'v1.36.0+09a2-x'))).toBe('all');
});

test('stages a tree with changes under devel, never under ci', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await here.setVersion(`${VERSION}-dirty`);
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(UsageError);
  expect(await here.calls()).toEqual([]);
  await buildAndStage(here.options({ stage: 'gs://b/devel' }), here.run, never());
  expect(gcs.text(`devel/${VERSION}-dirty/kubernetes.tar.gz`)).toBe('all');
});

test('does not build or stage a complete build again', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await buildAndStage(here.options({ stage }), here.run, never());
  const uploads = gcs.uploads.length;
  const calls = (await here.calls()).length;
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.uploads.length).toBe(uploads);
  expect((await here.calls()).length).toBe(calls);
  await buildAndStage(here.options({ stage }, { usesTree: true }), here.run, never());
  expect((await here.calls()).length).toBe(calls + 2);
  expect(gcs.uploads.length).toBe(uploads);
});

test('stages only the missing part of an incomplete build', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await buildAndStage(here.options({ stage }), here.run, never());
  gcs.objects.delete(at('kubernetes.tar.gz.sha512'));
  gcs.put(at('bin/linux/amd64/kubectl'), 'kubectl LINUX/amd64');
  gcs.uploads.length = 0;
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.uploads.sort()).toEqual([at('bin/linux/amd64/kubectl'), at('kubernetes.tar.gz.sha512')]);
  expect(gcs.text(at('bin/linux/amd64/kubectl'))).toBe('kubectl linux/amd64');
});

test('rejects a bucket that is not writable before the build', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.permissions = ['storage.objects.get', 'storage.objects.list'];
  const refused = buildAndStage(here.options({ stage }), here.run, never());
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow('missing permissions storage.objects.create');
  gcs.permissions = 403;
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(UsageError);
  await expect(buildAndStage(here.options({ stage: 'gs://nowhere/ci' }), here.run, never())).rejects.toThrow(
    'cannot stage to gs://nowhere: the bucket does not exist',
  );
  expect((await here.calls()).filter((call) => call.startsWith('make'))).toEqual([]);
});

test('writes to a bucket with only the needed permissions', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.permissions = ['storage.objects.create', 'storage.objects.get', 'storage.objects.list'];
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz'))).toBe('all');
});

test('retries uploads and listings', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.failUpload(at('kubernetes.tar.gz'), 503, 'drop');
  gcs.failList(503);
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz'))).toBe('all');
});

test('a rejected upload fails the staging, without a list of checksums', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.failUpload(at('kubernetes.tar.gz'), 403);
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
    /cannot write .*kubernetes.tar.gz to gs:\/\/b.*403/,
  );
  expect([...gcs.objects.keys()].filter((name) => name.includes('SUMS'))).toEqual([]);
});

test('throws the reason when stopped, and the next call uploads only what is missing', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const stop = new AbortController();
  gcs.on('upload', () => {
    if (gcs.objects.size === 3) stop.abort(new Error('stopped'));
  });
  await expect(buildAndStage(here.options({ stage }), here.run, stop.signal)).rejects.toThrow('stopped');
  const before = new Set(gcs.objects.keys());
  gcs.uploads.length = 0;
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.uploads.filter((name) => before.has(name))).toEqual([]);
  expect(gcs.objects.size).toBe(21);
});

/** A file that is uploaded from memory, and one that is read during the upload. */
const sizes = [
  ['small', 'all'],
  ['large', 'x'.repeat(1.5 * 1024 * 1024)],
] as const;

test.for(sizes)('accepts the same %s file of another publisher at the same time', async ([, text]) => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await put(here.tree, '_output/release-tars/x.tar.gz', text);
  const theirs = new Map([[at('x.tar.gz'), text]]);
  gcs.beforeUpload = (name) => {
    const found = theirs.get(name);
    if (found !== undefined && theirs.delete(name)) gcs.put(name, found);
  };
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.objects.size).toBe(24);
});

test.for(sizes)('rejects a different %s file of another publisher at the same time, and keeps it', async ([, text]) => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await put(here.tree, '_output/release-tars/x.tar.gz', text);
  gcs.beforeUpload = (name) => {
    if (name === at('x.tar.gz') && !gcs.objects.has(name)) gcs.put(name, 'theirs');
  };
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
    `another process is staging a different build as gs://b/${at('x.tar.gz')}`,
  );
  expect(gcs.text(at('x.tar.gz'))).toBe('theirs');
});

describe('a file of 33 MiB', () => {
  const size = 33 * 1024 * 1024;
  const large = Buffer.alloc(size, 'large');
  const name = at('large.tar.gz');

  async function staged(fail: (gcs: FakeGcs) => void) {
    await using gcs = await FakeGcs.start();
    await using here = await scene({ gcsEndpoint: gcs.url });
    await put(here.tree, '_output/release-tars/large.tar.gz', large);
    fail(gcs);
    await buildAndStage(here.options({ stage }), here.run, never());
    expect(gcs.objects.get(name)?.bytes.equals(large)).toBe(true);
    expect(gcs.objects.get(name)?.type).toBe('application/x-tar');
    expect(gcs.text(`${name}.sha512`)).toBe(createHash('sha512').update(large).digest('hex'));
    return { parts: gcs.parts, begun: gcs.uploads.filter((each) => each === name).length };
  }

  test('resumes where its connection broke, twice', async () => {
    const { parts, begun } = await staged((gcs) => gcs.failPart(20 << 20, undefined, 5 << 20));
    expect(begun).toBe(1);
    expect(parts.filter((range) => range.startsWith('bytes *'))).toHaveLength(2);
    const [first, second, third] = parts.flatMap((range) => /^bytes (\d+)-/.exec(range)?.[1] ?? []).map(Number);
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(19 << 20);
    expect(third).toBeGreaterThanOrEqual((second ?? 0) + (4 << 20));
  });

  test('is not sent again when only the response was lost', async () => {
    const { parts } = await staged((gcs) => gcs.failPart('no answer'));
    expect(parts).toEqual([`bytes 0-${size - 1}/${size}`, `bytes */${size}`]);
  });

  test('is sent again when nothing of it was stored', async () => {
    const { parts } = await staged((gcs) => gcs.failPart('nothing taken'));
    expect(parts).toEqual([`bytes 0-${size - 1}/${size}`, `bytes */${size}`, `bytes 0-${size - 1}/${size}`]);
  });

  test('starts again when its session has expired', async () => {
    const { begun } = await staged((gcs) => gcs.failPart(1 << 20, 'forgotten'));
    expect(begun).toBe(2);
  });
});

test('rejects a file that grows during the upload', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const path = '_output/release-tars/x.tar.gz';
  await put(here.tree, path, 'x'.repeat(33 << 20));
  gcs.beforeUpload = (name) => {
    if (name === at('x.tar.gz')) appendFileSync(join(here.tree, path), 'more');
  };
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
    /x\.tar\.gz.*: the file changed during the upload/,
  );
});

test('stages the startup files of GCE nodes, and fails when one is missing', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const gce = '_output/release-stage/full/kubernetes/cluster/gce';
  for (const file of ['gci/node.yaml', 'gci/master.yaml', 'gci/configure.sh', 'windows/configure.ps1']) {
    await put(here.tree, `${gce}/${file}`, file);
  }
  const staging = () => buildAndStage(here.options({ stage }, { gceFiles: true }), here.run, never());
  await expect(staging()).rejects.toThrow(/the build has no .*windows\/common\.psm1/);
  for (const file of ['common', 'k8s-node-setup', 'testonly/install-ssh', 'testonly/user-profile']) {
    await put(here.tree, `${gce}/windows/${file}.psm1`, file);
  }
  await staging();
  expect(gcs.text(at('extra/gce/node.yaml'))).toBe('gci/node.yaml');
  expect(gcs.text(at('extra/gce/windows/install-ssh.psm1'))).toBe('testonly/install-ssh');
  expect(gcs.text(at('extra/gce/shutdown.sh'))).toBeUndefined();
});

test('loads, tags and pushes images and manifests with docker', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url, env: { FAKE_DOCKER_PUSHES: '1', FAKE_GIT: '1' } });
  await put(here.tree, '_output/release-images/amd64/kube-proxy.tar', '');
  await put(here.tree, '_output/release-images/arm64/kube-proxy.tar', '');
  await buildAndStage(here.options({ stage, imageLocation: 'reg.example/k8s/' }), here.run, never());
  const tag = VERSION.replace('+', '_');
  const image = 'reg.example/k8s/kube-proxy';
  const one = (arch: string) => [
    `docker load -qi ${here.tree}/_output/release-images/${arch}/kube-proxy.tar`,
    `docker tag registry.k8s.io/kube-proxy-${arch}:v1 ${image}-${arch}:${tag}`,
    `docker push ${image}-${arch}:${tag}`,
    `docker rmi registry.k8s.io/kube-proxy-${arch}:v1 ${image}-${arch}:${tag}`,
  ];
  expect((await here.calls()).filter((call) => call.startsWith('docker'))).toEqual([
    ...one('amd64'),
    ...one('arm64'),
    `docker manifest create --amend ${image}:${tag} ${image}-amd64:${tag} ${image}-arm64:${tag}`,
    `docker manifest annotate --arch amd64 ${image}:${tag} ${image}-amd64:${tag}`,
    `docker manifest annotate --arch arm64 ${image}:${tag} ${image}-arm64:${tag}`,
    `docker manifest push ${image}:${tag} --purge`,
    `docker manifest push ${image}:${tag} --purge`,
  ]);
  expect(gcs.objects.size).toBe(21);
});
