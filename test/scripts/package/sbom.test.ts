import { expect, test } from 'vitest';
import { sbom } from '../../../scripts/package/sbom.ts';

const bill = {
  identity: { version: '1.2.3', commit: 'abc' },
  date: 1_700_000_000,
  runtimes: ['24.0.0'],
  packages: [{ name: '@scope/a', version: '4.5.6', license: 'MIT', folder: '/checkout/node_modules/@scope/a' }],
  root: '/checkout',
  lock: {
    packages: { 'node_modules/@scope/a': { integrity: `sha512-${Buffer.from('digest').toString('base64')}` } },
  },
};

test('names every package with its version, licence, address and the digest of the lock file', () => {
  expect(sbom(bill)).toMatchObject({
    spdxVersion: 'SPDX-2.3',
    creationInfo: { created: '2023-11-14T22:13:20Z' },
    packages: [
      { name: 'kubetest2-ts', versionInfo: '1.2.3' },
      { name: 'node', versionInfo: '24.0.0' },
      {
        SPDXID: 'SPDXRef--scope-a-4.5.6',
        licenseDeclared: 'MIT',
        checksums: [{ algorithm: 'SHA512', checksumValue: Buffer.from('digest').toString('hex') }],
        externalRefs: [{ referenceLocator: 'pkg:npm/%40scope/a@4.5.6' }],
      },
    ],
  });
});

test('is the same for the same commit, and says of which one it is', () => {
  expect(JSON.stringify(sbom(bill))).toBe(JSON.stringify(sbom(structuredClone(bill))));
  expect(sbom(bill)).toMatchObject({ documentNamespace: expect.stringContaining('abc') as string });
});

test('says that a licence is not known rather than nothing', () => {
  const [first] = bill.packages;
  if (first === undefined) throw new Error('no package');
  const { packages } = sbom({ ...bill, packages: [{ ...first, license: '' }] }) as { packages: object[] };
  expect(packages[2]).toMatchObject({ licenseDeclared: 'NOASSERTION' });
});
