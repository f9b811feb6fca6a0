import fc from 'fast-check';
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
  'v1.36.0-',
  'v1.36.0-rc..0',
  'v1.36.99999999999999999999',
  `v1.36.0-${'a'.repeat(300)}`,
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

test('orders releases after their prereleases, and ignores builds', () => {
  const ascending = [
    'v1.35.9',
    'v1.36.0-alpha.0',
    'v1.36.0-alpha.2',
    'v1.36.0-alpha.11',
    'v1.36.0-beta.0.5+abc',
    'v1.36.0-rc.0',
    'v1.36.0',
    'v1.36.2',
    'v1.36.10',
    'v2.0.0',
  ].map(versionOf);
  for (const [at, earlier] of ascending.entries()) {
    for (const later of ascending.slice(at + 1)) expect(compareVersions(earlier, later)).toBeLessThan(0);
  }
  expect(compareVersions(versionOf('v1.36.0+abc'), versionOf('v1.36.0+def'))).toBe(0);
});

test('orders any two versions', () => {
  const part = fc.stringMatching(/^[0-9a-z.-]{0,12}$/);
  const text = fc.tuple(fc.nat(), fc.nat(), fc.bigInt({ min: 0n, max: 10n ** 30n }), part, part);
  const version = text
    .map(([major, minor, patch, pre, build]) =>
      parseVersion(`v${major}.${minor}.${patch}${pre && `-${pre}`}${build && `+${build}`}`),
    )
    .filter((each) => each !== undefined);
  fc.assert(
    fc.property(version, version, (a, b) => {
      expect(compareVersions(a, b) + compareVersions(b, a)).toBe(0);
      expect(compareVersions(a, a)).toBe(0);
    }),
  );
});

function versionOf(text: string): KubeVersion {
  const version = parseVersion(text);
  if (version === undefined) throw new Error(`${text} is not a version`);
  return version;
}
