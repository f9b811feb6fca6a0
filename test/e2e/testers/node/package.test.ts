import { existsSync, readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { platformOf } from '../../../../src/system/platform.ts';
import { object, published, serve, text } from '../../../helpers/servers/files.ts';
import { Stage } from '../../../helpers/stage.ts';
import { tarOf } from '../../../helpers/test-package.ts';

const host = platformOf({ platform: platform(), arch: arch() });
const name = (kind: string) => `kubernetes-${kind}-${host.os}-${host.arch}.tar.gz`;
// A real binary of this host that exits with 0 with any arguments.
const program = readFileSync('/bin/true');
const testPackage = gzipSync(
  tarOf(
    { path: 'kubernetes/test/bin/e2e.test', bytes: program },
    { path: 'kubernetes/test/bin/e2e_node.test', bytes: program },
    { path: 'kubernetes/test/bin/ginkgo', bytes: program },
  ),
);
const nodePackage = gzipSync(tarOf({ path: 'kubernetes/node/bin/kubelet', bytes: program }));

const args = (url: string) => [
  'noop',
  '--test=node',
  '--run-id=run-1',
  '--allow-unverified',
  '--',
  '--use-binaries-from-package',
  `--test-package-url=${url}`,
  '--test-package-dir=ci/fast',
  '--test-package-marker=latest-fast.txt',
  '--gcp-zone=z',
  '--gcp-project=p',
];

test('downloads both packages of the version in the marker, and runs their binaries', async () => {
  const root = '/ci/fast/v1.99.0';
  const { url, asked } = await serve({
    '/ci/fast/latest-fast.txt': text('v1.99.0\n'),
    ...published(`${root}/${name('test')}`, testPackage),
    ...published(`${root}/${name('node')}`, nodePackage),
  });
  const at = new Stage([]);
  const { exitCode, stderr } = await at.run(...args(url));
  expect(stderr).not.toContain('could not');
  expect(exitCode).toBe(0);
  const dir = join(at.dir, '_rundir/run-1');
  for (const each of ['e2e_node.test', 'ginkgo', 'kubelet']) expect(existsSync(join(dir, each)), each).toBe(true);
  expect(asked.filter((path) => path.endsWith('.txt'))).toEqual(['/ci/fast/latest-fast.txt']);
  expect(JSON.parse(at.artifact('metadata.json'))).toMatchObject({ 'job-version': 'v1.99.0' });
  expect(at.artifact('events.jsonl')).toContain(`--e2e-node-binary=${join(dir, 'e2e_node.test')}`);
});

test('a package with a checksum mismatch fails the run before any test', async () => {
  const root = '/ci/fast/v1.99.0';
  const { url } = await serve({
    '/ci/fast/latest-fast.txt': text('v1.99.0'),
    ...published(`${root}/${name('test')}`, testPackage),
    ...published(`${root}/${name('node')}`, nodePackage),
    [`${root}/${name('node')}`]: object(
      gzipSync(tarOf({ path: 'kubernetes/node/bin/kubelet', bytes: Buffer.from('x') })),
    ),
  });
  const at = new Stage([]);
  const { exitCode, stderr } = await at.run(...args(url));
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(name('node'));
  expect(at.artifact('events.jsonl')).not.toContain('--e2e-node-binary');
});

test('names a marker that does not exist', async () => {
  const { url } = await serve({});
  const { exitCode, stderr } = await new Stage([]).run(...args(url));
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('latest-fast.txt');
});
