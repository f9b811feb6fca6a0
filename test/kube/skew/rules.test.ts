import { describe, expect, test } from 'vitest';
import {
  describeVersions,
  findSkew,
  isFatal,
  type Seen,
  type SeenVersions,
  type ServerVersion,
  type SkewComponent,
  type SkewLevel,
  type VersionInfo,
} from '../../../src/kube/skew/rules.ts';

interface Versions {
  server?: string | ServerVersion | { unknown: string };
  kubectl?: string | VersionInfo | { unknown: string };
  e2e?: string | { unknown: string };
  ginkgo?: string | { unknown: string };
  kubelets?: string[] | { unknown: string };
}

function seen(versions: Versions): SeenVersions {
  const { server = 'v1.36.2', kubectl = 'v1.36.2', e2e = 'v1.36.2', ginkgo = '2.27.2', kubelets = [] } = versions;
  const info = <T extends VersionInfo>(from: string | T | { unknown: string }): Seen<T | VersionInfo> => {
    if (typeof from === 'string') return { value: { gitVersion: from } };
    return 'unknown' in from ? from : { value: from };
  };
  return {
    server: info(server),
    kubectl: info(kubectl),
    e2eTest: typeof e2e === 'string' ? { value: e2e } : e2e,
    ginkgo: typeof ginkgo === 'string' ? { value: { version: ginkgo, path: '/run/ginkgo' } } : ginkgo,
    kubelets: Array.isArray(kubelets)
      ? { value: kubelets.map((version, at) => ({ node: `n${at + 1}`, version })) }
      : kubelets,
  };
}

const messages = (versions: Versions, level: SkewLevel, ignored: SkewComponent[] = []) =>
  findSkew(seen(versions), { level, ignored }).map(({ message }) => message);

const failing = (versions: Versions, level: SkewLevel) =>
  findSkew(seen(versions), { level, ignored: [] }).filter((finding) => isFatal(finding, level)).length;

const emulating = (minor: string, compatible?: string): ServerVersion => ({
  gitVersion: 'v1.37.0',
  emulationMajor: '1',
  emulationMinor: minor,
  ...(compatible !== undefined && { minCompatibilityMajor: '1', minCompatibilityMinor: compatible }),
});

describe('the policy', () => {
  const good: [string, Versions][] = [
    ['equal versions', {}],
    ['another patch', { kubectl: 'v1.36.9', e2e: 'v1.36.0' }],
    ['a kubectl one minor version older', { kubectl: 'v1.35.1' }],
    ['a kubectl one minor version newer', { kubectl: 'v1.37.0' }],
    ['an e2e.test one minor version older', { e2e: 'v1.35.7' }],
    ['a CI build and a release of one minor version', { server: 'v1.36.0-alpha.1.123+abc123', e2e: 'v1.36.4-11+000' }],
    ['a dirty build', { kubectl: 'v1.36.0-alpha.1.123+abc123-dirty' }],
    ['the versions of vendors', { server: 'v1.36.5-gke.100', kubectl: 'v1.36.2-eks-06eac09', e2e: 'v1.36.5+k3s1' }],
    [
      'a beta cluster tested with master after the branch was cut',
      { server: 'v1.37.0-rc.1', kubectl: 'v1.38.0-alpha.0', e2e: 'v1.37.0-rc.1' },
    ],
    [
      'a minor field of 37+',
      { server: { gitVersion: 'built here', major: '1', minor: '37+' }, kubectl: 'v1.38.0', e2e: 'v1.36.0' },
    ],
    ['kubelets three minor versions older', { kubelets: ['v1.33.0', 'v1.36.0', 'v1.33.9'] }],
    ['kubelet 1.25 with 1.28', { server: 'v1.28.0', kubectl: 'v1.28.0', e2e: 'v1.28.0', kubelets: ['v1.25.16'] }],
    ['kubelet 1.24 with 1.26', { server: 'v1.26.0', kubectl: 'v1.26.0', e2e: 'v1.26.0', kubelets: ['v1.24.1'] }],
    ['Ginkgo 1 for a suite up to 1.24', { server: 'v1.24.0', kubectl: 'v1.24.0', e2e: 'v1.24.17', ginkgo: '1.16.5' }],
    [
      'emulation of 1.36 by 1.37, with 1.37',
      { server: emulating('36'), kubectl: 'v1.37.2', e2e: 'v1.36.0', kubelets: ['v1.33.0'] },
    ],
    ['emulation fields that are empty', { server: { gitVersion: 'v1.36.0', emulationMajor: '', emulationMinor: '' } }],
  ];
  test.each(good)('allows %s', (_title, versions) => {
    expect(messages(versions, 'policy')).toEqual([]);
  });

  const bad: [string, Versions, string][] = [
    [
      'a kubectl two minor versions older',
      { kubectl: 'v1.34.1' },
      'kubectl v1.34.1 is 2 minor versions older than the API server v1.36.2 (allowed: 1.35 to 1.37)',
    ],
    [
      'a kubectl two minor versions newer',
      { kubectl: 'v1.38.0' },
      'kubectl v1.38.0 is 2 minor versions newer than the API server v1.36.2 (allowed: 1.35 to 1.37)',
    ],
    [
      'a newer e2e.test',
      { e2e: 'v1.37.0-alpha.1.123+abc123' },
      'e2e.test v1.37.0-alpha.1.123+abc123 is newer than the API server v1.36.2 (allowed: 1.35 to 1.36)',
    ],
    [
      'an e2e.test two minor versions older',
      { e2e: 'v1.34.0' },
      'e2e.test v1.34.0 is 2 minor versions older than the API server v1.36.2 (allowed: 1.35 to 1.36)',
    ],
    [
      'another major version',
      { kubectl: 'v2.36.0' },
      'kubectl v2.36.0 has a different major version than the API server v1.36.2 (allowed: 1.35 to 1.37)',
    ],
    [
      'Ginkgo 1 for a newer suite',
      { ginkgo: '1.16.5' },
      'e2e.test v1.36.2 needs Ginkgo 2 but /run/ginkgo is Ginkgo 1.16.5',
    ],
    [
      'Ginkgo 2 for an old suite',
      { server: 'v1.24.0', kubectl: 'v1.24.0', e2e: 'v1.24.0' },
      'e2e.test v1.24.0 needs Ginkgo 1 but /run/ginkgo is Ginkgo 2.27.2',
    ],
    [
      'kubelets four minor versions older',
      { kubelets: ['v1.32.0', 'v1.36.0', 'v1.32.0', 'v1.32.0'] },
      'kubelet v1.32.0 on node n1 (and 2 more) is 4 minor versions older than the API server v1.36.2 (allowed: 1.33 to 1.36)',
    ],
    [
      'a newer kubelet',
      { kubelets: ['v1.37.0'] },
      'kubelet v1.37.0 on node n1 is newer than the API server v1.36.2 (allowed: 1.33 to 1.36)',
    ],
    [
      'kubelet 1.24 with 1.27',
      { server: 'v1.27.0', kubectl: 'v1.27.0', e2e: 'v1.27.0', kubelets: ['v1.24.9'] },
      'kubelet v1.24.9 on node n1 is 3 minor versions older than the API server v1.27.0 (allowed: 1.25 to 1.27)',
    ],
    [
      'kubectl 1.38 with an emulated 1.36',
      { server: emulating('36'), kubectl: 'v1.38.0', e2e: 'v1.36.0' },
      'kubectl v1.38.0 is 2 minor versions newer than the API server v1.37.0 (emulating 1.36) (allowed: 1.35 to 1.37)',
    ],
    [
      'tests of the binary version with an emulated one',
      { server: emulating('36'), e2e: 'v1.37.0' },
      'e2e.test v1.37.0 is newer than the API server v1.37.0 (emulating 1.36) (allowed: 1.35 to 1.36)',
    ],
    [
      'a version older than the compatible one',
      { server: emulating('36', '36'), kubectl: 'v1.35.0', e2e: 'v1.36.0' },
      'kubectl v1.35.0 is older than the API server v1.37.0 (emulating 1.36) (allowed: 1.36 to 1.37)',
    ],
    [
      'a dispatcher that shows its own version',
      { kubectl: 'v1.32.4-dispatcher' },
      'kubectl v1.32.4-dispatcher (the version of the dispatcher) is 4 minor versions older than the API server v1.36.2 (allowed: 1.35 to 1.37)',
    ],
  ];
  test.each(bad)('forbids %s', (_title, versions, message) => {
    const withKubectl = { kubectl: 'v1.37.0', ...versions };
    const tested = typeof versions.server === 'object' ? withKubectl : versions;
    expect(messages(tested, 'policy')).toEqual([message]);
    expect(messages(tested, 'warn')).toEqual([message]);
    expect(failing(tested, 'policy')).toBe(1);
    expect(failing(tested, 'warn')).toBe(0);
  });
});

describe('the level minor', () => {
  test.each<[string, Versions, number]>([
    ['equal minor versions', { kubectl: 'v1.36.0-rc.1', e2e: 'v1.36.9' }, 0],
    ['what the policy allows', { kubectl: 'v1.37.0', e2e: 'v1.35.0' }, 2],
    ['a beta cluster tested with master', { server: 'v1.37.0-rc.1', kubectl: 'v1.38.0-alpha.0', e2e: 'v1.37.0' }, 1],
    ['old kubelets, which it ignores', { kubelets: ['v1.20.0'] }, 0],
    ['another Ginkgo', { ginkgo: '1.16.5' }, 1],
  ])('%s', (_title, versions, violations) => {
    expect(failing(versions, 'minor')).toBe(violations);
  });

  test('reports what is allowed', () => {
    expect(messages({ e2e: 'v1.35.0' }, 'minor')).toEqual([
      'e2e.test v1.35.0 is older than the API server v1.36.2 (allowed: 1.36)',
    ]);
  });
});

describe('the level exact', () => {
  const build = { gitVersion: 'v1.36.2', gitCommit: 'abc', gitTreeState: 'clean' };
  test.each<[string, Versions, string[]]>([
    ['the same build', { server: build, kubectl: build }, []],
    [
      'another commit',
      { server: build, kubectl: { ...build, gitCommit: 'def' } },
      ['kubectl v1.36.2 (commit def, clean) is not the build of the API server v1.36.2 (commit abc, clean)'],
    ],
    [
      'a changed tree',
      { server: build, kubectl: { ...build, gitTreeState: 'dirty' } },
      ['kubectl v1.36.2 (commit abc, dirty) is not the build of the API server v1.36.2 (commit abc, clean)'],
    ],
    [
      'another patch of e2e.test',
      { server: build, kubectl: build, e2e: 'v1.36.1' },
      ['e2e.test v1.36.1 is not the version of the API server v1.36.2'],
    ],
    [
      'build metadata that semver would not compare',
      { server: 'v1.36.0+abc', kubectl: 'v1.36.0+abc', e2e: 'v1.36.0+def' },
      ['e2e.test v1.36.0+def is not the version of the API server v1.36.0+abc'],
    ],
  ])('%s', (_title, versions, expected) => {
    expect(messages(versions, 'exact')).toEqual(expected);
    expect(failing(versions, 'exact')).toBe(expected.length);
  });
});

describe('an unknown version', () => {
  test.each<[string, Versions, string, number]>([
    ['of the server', { server: { unknown: 'refused' } }, 'the version of the API server is unknown: refused', 1],
    [
      'of an unstamped server',
      { server: 'v0.0.0-master+$Format:%H$' },
      'the version of the API server is unknown: it reports "v0.0.0-master+$Format:%H$"',
      1,
    ],
    ['of kubectl', { kubectl: { unknown: 'not found' } }, 'the version of kubectl is unknown: not found', 1],
    ['of e2e.test', { e2e: 'v0.0.0-master' }, 'the version of e2e.test is unknown: it reports "v0.0.0-master"', 1],
    ['of ginkgo', { ginkgo: { unknown: 'silent' } }, 'the version of ginkgo is unknown: silent', 0],
    ['of the kubelets', { kubelets: { unknown: 'forbidden' } }, 'the version of the kubelets is unknown: forbidden', 0],
    [
      'of one kubelet',
      { kubelets: ['', 'v1.36.0'] },
      'the version of the kubelet on node n1 is unknown: it reports ""',
      0,
    ],
  ])('%s is reported, and fails the run where it decides', (_title, versions, message, failures) => {
    expect(messages(versions, 'policy')).toEqual([message]);
    expect(failing(versions, 'policy')).toBe(failures);
    expect(failing(versions, 'warn')).toBe(0);
  });
});

test('reports nothing for ignored components, and nothing at level off', () => {
  const versions = { kubectl: 'v1.30.0', e2e: 'v1.30.0', ginkgo: '1.16.5', kubelets: ['v1.10.0'] };
  expect(messages(versions, 'policy')).toHaveLength(4);
  expect(messages(versions, 'policy', ['kubectl', 'ginkgo', 'kubelet'])).toEqual([
    expect.stringContaining('e2e.test v1.30.0 is 6 minor versions older'),
  ]);
  expect(messages(versions, 'off')).toEqual([]);
});

test('describes all versions in one line', () => {
  expect(describeVersions(seen({ kubectl: 'v1.34.1', kubelets: ['v1.33.0', 'v1.33.0', 'v1.34.0'] }))).toBe(
    'server v1.36.2, kubectl v1.34.1, e2e.test v1.36.2, ginkgo 2.27.2, kubelets v1.33.0 (x2), v1.34.0 (x1)',
  );
  expect(describeVersions(seen({ server: { unknown: '' }, kubectl: { unknown: '' }, e2e: { unknown: '' } }))).toBe(
    'server unknown, kubectl unknown, e2e.test unknown, ginkgo 2.27.2',
  );
});
