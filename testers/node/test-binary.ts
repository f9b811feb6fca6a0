/** The programs by the names they have everywhere. */
export const NAMES = { e2eNodeTest: 'e2e_node.test', ginkgo: 'ginkgo', kubelet: 'kubelet' } as const;

/** The paths of the programs that node e2e tests are made of. */
export interface Binaries {
  readonly e2eNodeTest: string;
  readonly ginkgo: string;
  readonly kubelet: string;
}

/** The binaries and, when they are those of a release, its version. */
export interface Found {
  readonly binaries: Binaries;
  readonly version: string | undefined;
}
