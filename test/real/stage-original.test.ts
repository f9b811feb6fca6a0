import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StageBucket } from '../../src/gcs/bucket.ts';
import { hostPlatform } from '../../src/kube-build/binaries.ts';
import { parseStage } from '../../src/kube-build/location.ts';
import { updateMarkers } from '../../src/kube-build/markers.ts';
import { stageBuild } from '../../src/kube-build/stage.ts';
import { never } from '../helpers/lease.ts';
import { component } from '../helpers/real/components.ts';
import { GcsServer } from '../helpers/real/gcs.ts';
import { put, scene } from '../helpers/staging.ts';
import { E2E, GINKGO, packageOf } from '../helpers/test-package.ts';

/** A folder with the programs of kubetest2, for instance made by `go build -o FOLDER . ./kubetest2-tester-ginkgo` in its checkout. */
const original = join(process.env['KUBETEST2_ORIGINAL'] ?? '', 'kubetest2-tester-ginkgo');
const there = existsSync(original) && existsSync(component('fake-gcs-server'));
const title = there
  ? ''
  : ' (left out: no fake-gcs-server, or KUBETEST2_ORIGINAL names no folder with kubetest2-tester-ginkgo)';

describe.skipIf(!there)(`the ginkgo tester of kubetest2${title}`, () => {
  test('finds a staged build by its marker, takes it, and knows it again by its checksums', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    const [at, version, platform] = [
      parseStage('gs://b/ci/job', 'path'),
      'v1.36.0-alpha.1.123+abcdef0123456',
      hostPlatform(),
    ];
    const dashed = platform.replace('/', '-');
    const ginkgo = Buffer.from('#!/bin/sh\necho "ginkgo was called with $*"\n');
    const tests = packageOf({ path: E2E, bytes: Buffer.from('tests') }, { path: GINKGO, bytes: ginkgo });
    await put(here.tree, '_output/release-tars/kubernetes.tar.gz', 'all');
    await put(here.tree, `_output/release-tars/kubernetes-test-${dashed}.tar.gz`, tests);
    await put(here.tree, `_output/release-stage/client/${dashed}/kubernetes/client/bin/kubectl`, 'kubectl');
    await stageBuild({ repoRoot: here.tree, gceFiles: false }, at, version, here.run, never());
    await updateMarkers(await StageBucket.open('b', here.run), at, version, here.run.log, never());

    const home = join(here.run.cwd, 'home');
    const artifacts = join(here.run.cwd, 'artifacts');
    for (const folder of [join(home, '.cache'), artifacts]) mkdirSync(folder, { recursive: true });
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      ARTIFACTS: artifacts,
      KUBETEST2_RUN_DIR: here.run.dir,
      NO_PROXY: '127.0.0.1',
    };
    const run = () => {
      // It refuses to write its version down a second time.
      writeFileSync(join(artifacts, 'metadata.json'), '{}');
      const words = [`--test-package-url=${server.url}/b`, '--test-package-dir=ci/job', '--focus-regex=x'];
      return execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', original, ...words], {
        env,
        encoding: 'utf8',
        cwd: here.run.cwd,
      });
    };
    const first = run();
    expect(first).toContain('ginkgo was called with');
    expect(readFileSync(join(here.run.dir, 'e2e.test'), 'utf8')).toBe('tests');
    expect(readFileSync(join(here.run.dir, 'kubectl'), 'utf8')).toBe('kubectl');
    const second = run();
    expect(second).toContain('Validated hash for existing tar');
    expect(second).toContain('Validated hash for existing kubectl');
  });
});
