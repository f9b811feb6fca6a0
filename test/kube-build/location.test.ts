import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../../src/api/errors.ts';
import { buildOptions } from '../../src/kube-build/flags.ts';
import { parseStage } from '../../src/kube-build/location.ts';
import { defaults } from '../helpers/staging.ts';

test.for([
  ['gs://b/ci', 'path', { bucket: 'b', root: 'ci', ci: true }],
  ['gs://b/ci/', 'path', { bucket: 'b', root: 'ci', ci: true }],
  ['gs://b/devel', 'path', { bucket: 'b', root: 'devel', ci: false }],
  ['gs://b/ci/job', 'path', { bucket: 'b', root: 'ci/job', ci: true }],
  ['gs://b/ci/job', 'krel', { bucket: 'b', root: 'job', ci: true }],
  ['gs://b/ci', 'krel', { bucket: 'b', root: 'ci', ci: true }],
  ['gs://b/devel/a/b', 'krel', { bucket: 'b', root: 'a/b', ci: false }],
  ['gs://my.bucket_1-x/ci', 'path', { bucket: 'my.bucket_1-x', root: 'ci', ci: true }],
] as const)('%s is %s: %o', ([typed, layout, location]) => {
  expect(parseStage(typed, layout)).toEqual(location);
});

test.for([
  '',
  'ci',
  'b/ci',
  'gs://b',
  'gs://b/',
  'gs://b/cifoo',
  'gs://b/ci-foo',
  'gs://b/release',
  'gs:///ci',
  'gs://b/ci//job',
  'gs://b/ci/../x',
  'gs://b/ci/a b',
  'gs://.b/ci',
  'http://b/ci',
  'gs://b/ci\n',
])('%j is a usage error', (typed) => {
  expect(() => parseStage(typed, 'path')).toThrow(UsageError);
});

test('accepts only locations inside the bucket', () => {
  fc.assert(
    fc.property(fc.string(), (typed) => {
      try {
        const { root } = parseStage(`gs://b/ci/${typed}`, 'path');
        expect(root.split('/')).not.toContain('..');
        expect(root).toMatch(/^ci(\/[\w.+~-]+)*$/);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

const more = { versionSuffix: '', gceFiles: false, needs: [], usesTree: false };

test('parses one or several platforms', () => {
  const of = (targetBuildArch: string) =>
    buildOptions({ ...defaults(), targetBuildArch }, '.', { cwd: '/src' }, more).platforms;
  expect(of('linux/amd64')).toEqual(['linux/amd64']);
  expect(of('linux/amd64 linux/arm64')).toEqual(['linux/amd64', 'linux/arm64']);
  expect(() => of('amd64')).toThrow(UsageError);
  expect(() => of('')).toThrow(UsageError);
});

test('resolves a relative repo root against the working directory', () => {
  expect(buildOptions(defaults(), 'k8s', { cwd: '/src' }, more).repoRoot).toBe('/src/k8s');
});
