import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StageBucket } from '../../src/gcs/bucket.ts';
import { parseStage } from '../../src/kube-build/location.ts';
import { updateMarkers } from '../../src/kube-build/markers.ts';
import { stageBuild } from '../../src/kube-build/stage.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import { never } from '../helpers/lease.ts';
import { component } from '../helpers/real/components.ts';
import { GcsServer } from '../helpers/real/gcs.ts';
import { put, scene } from '../helpers/staging.ts';
import { E2E, GINKGO, packageOf } from '../helpers/test-package.ts';

/** A directory with the programs of kubetest2, such as one that `go build -o DIRECTORY . ./kubetest2-tester-ginkgo` fills. */
const original = join(process.env['KUBETEST2_ORIGINAL'] ?? '', 'kubetest2-tester-ginkgo');
const exists = existsSync(original) && existsSync(component('fake-gcs-server'));
const title = exists
  ? ''
  : ' (skipped: no fake-gcs-server, or KUBETEST2_ORIGINAL is not a directory with kubetest2-tester-ginkgo)';

describe.skipIf(!exists)(`the ginkgo tester of kubetest2${title}`, () => {
  test('finds a staged build by its marker, downloads it, and later verifies it by its checksums', async () => {
    await using server = await GcsServer.start();
    await using here = await scene({ gcsEndpoint: server.url });
    const [location, version] = [parseStage('gs://b/ci/job', 'path'), 'v1.36.0-alpha.1.123+abcdef0123456'];
    const platform = `${hostPlatform().os}-${hostPlatform().arch}`;
    const ginkgo = Buffer.from('#!/bin/sh\necho "ginkgo was called with $*"\n');
    const tests = packageOf({ path: E2E, bytes: Buffer.from('tests') }, { path: GINKGO, bytes: ginkgo });
    await put(here.tree, '_output/release-tars/kubernetes.tar.gz', 'all');
    await put(here.tree, `_output/release-tars/kubernetes-test-${platform}.tar.gz`, tests);
    await put(here.tree, `_output/release-stage/client/${platform}/kubernetes/client/bin/kubectl`, 'kubectl');
    await stageBuild({ repoRoot: here.tree, gceFiles: false }, location, version, here.run, never());
    await updateMarkers(await StageBucket.open('b', here.run), location, version, here.run.log, never());

    const home = join(here.run.cwd, 'home');
    const artifacts = join(here.run.cwd, 'artifacts');
    for (const directory of [join(home, '.cache'), artifacts]) mkdirSync(directory, { recursive: true });
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: home,
      ARTIFACTS: artifacts,
      KUBETEST2_RUN_DIR: here.run.dir,
      NO_PROXY: '127.0.0.1',
    };
    const run = () => {
      // It fails to record its version a second time.
      writeFileSync(join(artifacts, 'metadata.json'), '{}');
      const args = [`--test-package-url=${server.url}/b`, '--test-package-dir=ci/job', '--focus-regex=x'];
      return execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', original, ...args], {
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
