import { createHash } from 'node:crypto';
import { appendFileSync, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test as each, expect } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { hostPlatform } from '../../src/kube-build/binaries.ts';
import { buildAndStage } from '../../src/kube-build/build-and-stage.ts';
import { never } from '../helpers/lease.ts';
import { FakeGcs } from '../helpers/servers/gcs.ts';
import { put, scene } from '../helpers/staging.ts';

const test = each.concurrent;
const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';
const stage = 'gs://b/ci';
const at = (path: string, version = VERSION) => `ci/${version}/${path}`;

test('make is called for the platform, dated by the last commit', async () => {
  await using at = await scene();
  const built = await buildAndStage(at.options({ targetBuildArch: 'linux/arm64' }), at.run, never());
  expect(built).toEqual({ version: VERSION, url: undefined });
  expect(await at.calls()).toEqual([
    'git log -1 --pretty=%ct',
    'make quick-release KUBE_BUILD_PLATFORMS=linux/arm64 (SOURCE_DATE_EPOCH=1700000000)',
  ]);
});

test('a SOURCE_DATE_EPOCH of the environment is used as it is', async () => {
  await using at = await scene({ env: { SOURCE_DATE_EPOCH: '42' } });
  await buildAndStage(at.options(), at.run, never());
  expect(await at.calls()).toEqual(['make quick-release KUBE_BUILD_PLATFORMS=linux/amd64 (SOURCE_DATE_EPOCH=42)']);
});

test('a git that says nothing is a warning', async () => {
  await using at = await scene({ env: { FAKE_GIT: '' } });
  await buildAndStage(at.options(), at.run, never());
  expect((await at.calls()).at(-1)).toMatch(/SOURCE_DATE_EPOCH=\)/);
  expect(at.run.log.lines.join()).toMatch('warn: git does not say when');
});

test('a failing make is the error, and nothing is staged', async () => {
  await using gcs = await FakeGcs.start();
  await using at = await scene({ gcsEndpoint: gcs.url, env: { FAKE_MAKE_FAILS: 'yes' } });
  await expect(buildAndStage(at.options({ stage }), at.run, never())).rejects.toMatchObject({
    name: 'CommandError',
    exitCode: 2,
    output: expect.stringContaining('it does not compile'),
  });
  expect(gcs.uploads).toEqual([]);
});

test('the programs for this machine are kept in the run dir', async () => {
  await using at = await scene();
  await buildAndStage(at.options({ targetBuildArch: hostPlatform() }, { needs: ['kubectl'] }), at.run, never());
  for (const name of ['kubectl', 'e2e.test', 'ginkgo']) {
    expect(await readFile(join(at.run.dir, name), 'utf8')).toBe(`${name} ${hostPlatform()}`);
    expect((await stat(join(at.run.dir, name))).mode & 0o111).not.toBe(0);
  }
});

test('a build without a program that the run needs fails and names it', async () => {
  await using at = await scene({ env: { FAKE_MAKE_BINARIES: 'kubectl' } });
  const options = at.options({ targetBuildArch: hostPlatform() }, { needs: ['kubectl', 'e2e.test'] });
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow(
    `the build made no e2e.test for this machine (${hostPlatform()})`,
  );
});

test('a build for another platform has none of the programs for this machine', async () => {
  await using at = await scene();
  const options = at.options({ targetBuildArch: 'linux/s390x' }, { needs: ['e2e.test'] });
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow('it was built for linux/s390x');
  expect(existsSync(join(at.run.dir, 'e2e.test'))).toBe(false);
});

test('a folder that is no source tree is an error that says so', async () => {
  await using at = await scene();
  const options = { ...at.options(), repoRoot: at.run.cwd };
  await expect(buildAndStage(options, at.run, never())).rejects.toThrow(
    /has to be the root of a Kubernetes source tree/,
  );
});

test('a build is staged with its checksums, as krel push does', async () => {
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

test('a suffix follows the commit, or a plus of its own; what no tag may hold becomes a dash', async () => {
  await using at = await scene();
  const versionOf = async (versionSuffix: string) =>
    (await buildAndStage(at.options({}, { versionSuffix }), at.run, never())).version;
  expect(await versionOf('run-1')).toBe(`${VERSION}-run-1`);
  await at.isOf('v1.36.0');
  expect(await versionOf('run-1')).toBe('v1.36.0+run-1');
  expect(await versionOf('a_b/c')).toBe('v1.36.0+a-b-c');
});

test('a tagged tree is staged too', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await here.isOf('v1.36.0');
  await buildAndStage(here.options({ stage }, { versionSuffix: '09a2-x' }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz', 'v1.36.0+09a2-x'))).toBe('all');
});

test('a tree with changes goes to devel, never to ci', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  await here.isOf(`${VERSION}-dirty`);
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(UsageError);
  expect(await here.calls()).toEqual([]);
  await buildAndStage(here.options({ stage: 'gs://b/devel' }), here.run, never());
  expect(gcs.text(`devel/${VERSION}-dirty/kubernetes.tar.gz`)).toBe('all');
});

test('what is staged whole is neither built nor staged again', async () => {
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

test('what is missing of a staged build is built and staged again, and that alone', async () => {
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

test('a bucket that says it cannot be written is a usage error before anything is built', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.permissions = ['storage.objects.get', 'storage.objects.list'];
  const refused = buildAndStage(here.options({ stage }), here.run, never());
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow('no storage.objects.create');
  gcs.permissions = 403;
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(UsageError);
  await expect(buildAndStage(here.options({ stage: 'gs://nowhere/ci' }), here.run, never())).rejects.toThrow(
    'cannot stage to gs://nowhere: the bucket does not exist',
  );
  expect((await here.calls()).filter((call) => call.startsWith('make'))).toEqual([]);
});

test('a bucket that grants what is needed is written', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.permissions = ['storage.objects.create', 'storage.objects.get', 'storage.objects.list'];
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz'))).toBe('all');
});

test('uploads and listings that fail for a moment are made good', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.failUpload(at('kubernetes.tar.gz'), 503, 'drop');
  gcs.failList(503);
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.text(at('kubernetes.tar.gz'))).toBe('all');
});

test('a refused upload ends the staging, with no list of checksums left behind', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  gcs.failUpload(at('kubernetes.tar.gz'), 403);
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
    /cannot write .*kubernetes.tar.gz to gs:\/\/b.*403/,
  );
  expect([...gcs.objects.keys()].filter((name) => name.includes('SUMS'))).toEqual([]);
});

test('being stopped throws the reason, and the next call sends only what is missing', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const stop = new AbortController();
  gcs.on('upload', () => {
    if (gcs.objects.size === 3) stop.abort(new Error('told to'));
  });
  await expect(buildAndStage(here.options({ stage }), here.run, stop.signal)).rejects.toThrow('told to');
  const before = new Set(gcs.objects.keys());
  gcs.uploads.length = 0;
  await buildAndStage(here.options({ stage }), here.run, never());
  expect(gcs.uploads.filter((name) => before.has(name))).toEqual([]);
  expect(gcs.objects.size).toBe(21);
});

/** Files that are sent in one piece, and such as are read while they are sent. */
const sizes = [
  ['small', 'all'],
  ['large', 'x'.repeat(1.5 * 1024 * 1024)],
] as const;

test.for(sizes)('another publisher of the same %s file at the same time is no trouble', async ([, text]) => {
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

test.for(sizes)(
  'another %s file of the same name at the same time is an error, and stays as it is',
  async ([, text]) => {
    await using gcs = await FakeGcs.start();
    await using here = await scene({ gcsEndpoint: gcs.url });
    await put(here.tree, '_output/release-tars/x.tar.gz', text);
    gcs.beforeUpload = (name) => {
      if (name === at('x.tar.gz') && !gcs.objects.has(name)) gcs.put(name, 'theirs');
    };
    await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
      `somebody else stages another build as gs://b/${at('x.tar.gz')}`,
    );
    expect(gcs.text(at('x.tar.gz'))).toBe('theirs');
  },
);

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

  test('goes on where its connection broke, twice', async () => {
    const { parts, begun } = await staged((gcs) => gcs.failPart(20 << 20, undefined, 5 << 20));
    expect(begun).toBe(1);
    expect(parts.filter((range) => range.startsWith('bytes *'))).toHaveLength(2);
    const [first, second, third] = parts.flatMap((range) => /^bytes (\d+)-/.exec(range)?.[1] ?? []).map(Number);
    expect(first).toBe(0);
    expect(second).toBeGreaterThanOrEqual(19 << 20);
    expect(third).toBeGreaterThanOrEqual((second ?? 0) + (4 << 20));
  });

  test('is not sent again when only the answer was lost', async () => {
    const { parts } = await staged((gcs) => gcs.failPart('no answer'));
    expect(parts).toEqual([`bytes 0-${size - 1}/${size}`, `bytes */${size}`]);
  });

  test('is sent again when nothing of it was taken', async () => {
    const { parts } = await staged((gcs) => gcs.failPart('nothing taken'));
    expect(parts).toEqual([`bytes 0-${size - 1}/${size}`, `bytes */${size}`, `bytes 0-${size - 1}/${size}`]);
  });

  test('begins anew when its session is forgotten', async () => {
    const { begun } = await staged((gcs) => gcs.failPart(1 << 20, 'forgotten'));
    expect(begun).toBe(2);
  });
});

test('a file that grows while it is sent is an error that says so', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const path = '_output/release-tars/x.tar.gz';
  await put(here.tree, path, 'x'.repeat(33 << 20));
  gcs.beforeUpload = (name) => {
    if (name === at('x.tar.gz')) appendFileSync(join(here.tree, path), 'more');
  };
  await expect(buildAndStage(here.options({ stage }), here.run, never())).rejects.toThrow(
    /x\.tar\.gz.*: the file changed meanwhile/,
  );
});

test("GCE's files are staged where they are asked for, and missed when they are not there", async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene({ gcsEndpoint: gcs.url });
  const gce = '_output/release-stage/full/kubernetes/cluster/gce';
  for (const file of ['gci/node.yaml', 'gci/master.yaml', 'gci/configure.sh', 'windows/configure.ps1']) {
    await put(here.tree, `${gce}/${file}`, file);
  }
  const asked = () => buildAndStage(here.options({ stage }, { gceFiles: true }), here.run, never());
  await expect(asked()).rejects.toThrow(/the build has no .*windows\/common\.psm1/);
  for (const file of ['common', 'k8s-node-setup', 'testonly/install-ssh', 'testonly/user-profile']) {
    await put(here.tree, `${gce}/windows/${file}.psm1`, file);
  }
  await asked();
  expect(gcs.text(at('extra/gce/node.yaml'))).toBe('gci/node.yaml');
  expect(gcs.text(at('extra/gce/windows/install-ssh.psm1'))).toBe('testonly/install-ssh');
  expect(gcs.text(at('extra/gce/shutdown.sh'))).toBeUndefined();
});

test('images are loaded, tagged, pushed and joined through docker', async () => {
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
