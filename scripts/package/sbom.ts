import type { BundledPackage } from '../build/bundled.ts';
import type { Identity } from './bundle.ts';

/** What of a lock file says which bytes a package is. */
export interface Lock {
  readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
}

export interface Bill {
  readonly identity: Identity;
  /** Seconds. */
  readonly date: number;
  /** Versions of node. */
  readonly runtimes: readonly string[];
  /** With folders below `root`. */
  readonly packages: readonly BundledPackage[];
  readonly root: string;
  readonly lock: Lock;
}

/** What the executables are made of, as SPDX 2.3: this program, its runtime, and the packages with something inside. */
export function sbom({ identity, date, runtimes, packages, root, lock }: Bill): object {
  const { version, commit } = identity;
  const ours = entry('kubetest2-ts', version, 'Apache-2.0');
  const parts = [
    ...runtimes.map((node) => entry('node', node, 'MIT')),
    ...packages.map(({ name, version: its, license, folder }) => ({
      ...entry(name, its, license),
      ...checksums(lock.packages[folder.slice(root.length).replace(/^\//, '')]?.integrity),
    })),
  ];
  const related = (from: string, relationshipType: string, to: string) => ({
    spdxElementId: from,
    relationshipType,
    relatedSpdxElement: to,
  });
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `kubetest2-ts-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/kubetest2-ts-${version}-${commit}`,
    creationInfo: {
      created: new Date(date * 1000).toISOString().replace('.000Z', 'Z'),
      creators: ['Tool: kubetest2-ts-package'],
    },
    packages: [ours, ...parts],
    relationships: [
      related('SPDXRef-DOCUMENT', 'DESCRIBES', ours.SPDXID),
      ...parts.map(({ SPDXID }) => related(ours.SPDXID, 'CONTAINS', SPDXID)),
    ],
  };
}

const entry = (name: string, version: string, licence: string) => ({
  SPDXID: `SPDXRef-${`${name}-${version}`.replace(/[^A-Za-z0-9.-]/g, '-')}`,
  name,
  versionInfo: version,
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: licence === '' ? 'NOASSERTION' : licence,
  copyrightText: 'NOASSERTION',
  externalRefs: [
    {
      referenceCategory: 'PACKAGE-MANAGER',
      referenceType: 'purl',
      referenceLocator: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    },
  ],
});

/** npm's `sha512-BASE64` as SPDX has it. */
function checksums(integrity = ''): object {
  const [, base64] = /^sha512-(\S+)$/.exec(integrity) ?? [];
  if (base64 === undefined) return {};
  return { checksums: [{ algorithm: 'SHA512', checksumValue: Buffer.from(base64, 'base64').toString('hex') }] };
}
