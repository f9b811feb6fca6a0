import fc from 'fast-check';
import semver from 'semver';
import { expect, test } from 'vitest';
import { compareVersions, type KubeVersion, parseMinor, parseVersion } from '../../src/kube/version.ts';

test.each([
  ['v1.36.1', 1, 36, 1, '', ''],
  ['1.36.1\n', 1, 36, 1, '', ''],
  ['v1.37.0-alpha.1.123+abc123', 1, 37, 0, 'alpha.1.123', 'abc123'],
  ['v1.36.0-11+000', 1, 36, 0, '11', '000'],
  ['v1.30.5-gke.100', 1, 30, 5, 'gke.100', ''],
  ['v1.21.2-eks-06eac09', 1, 21, 2, 'eks-06eac09', ''],
  ['v1.31.5+k3s1', 1, 31, 5, '', 'k3s1'],
  ['v1.32.4-dispatcher', 1, 32, 4, 'dispatcher', ''],
])('parses %s', (text, major, minor, patch, pre, build) => {
  const bare = text.trim();
  expect(parseVersion(text)).toEqual({
    major,
    minor,
    patch,
    pre,
    build,
    text: bare.startsWith('v') ? bare : `v${bare}`,
  });
});

test.each([
  '',
  'v1.36',
  '1',
  'v1.36.01',
  'v0.0.0-master+$Format:%H$',
  'v0.0.0-master+abc',
  'latest',
  '<html>',
  'v1.36.1 v1.36.2',
])('rejects %j as a version', (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

test.each([
  ['1.36', 36],
  ['v1.36', 36],
  ['1.37+', 37],
  ['v1.30.5-gke.100', 30],
])('parses the minor version of %s', (text, minor) => {
  expect(parseMinor(text)).toEqual({ major: 1, minor });
});

test.each(['1', 'v1.36.', '1.36-x', 'stable-1.36'])('rejects %j as a minor version', (text) => {
  expect(parseMinor(text)).toBeUndefined();
});

test('orders versions as semver does', () => {
  const identifier = fc.oneof(fc.nat(20).map(String), fc.constantFrom('alpha', 'beta', 'rc', 'gke', 'a-b'));
  const version = fc
    .tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.nat(3),
      fc.nat(3),
      fc.array(identifier, { maxLength: 3 }),
      fc.constantFrom('', '+abc', '+def'),
    )
    .map(
      ([major, minor, patch, pre, build]) =>
        `v${major}.${minor}.${patch}${pre.length ? `-${pre.join('.')}` : ''}${build}`,
    );
  fc.assert(
    fc.property(version, version, (a, b) => {
      const [left, right] = [parseVersion(a), parseVersion(b)] as [KubeVersion, KubeVersion];
      expect(Math.sign(compareVersions(left, right))).toBe(semver.compare(a, b));
    }),
    { numRuns: 500 },
  );
});
