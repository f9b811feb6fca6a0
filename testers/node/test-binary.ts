/** The file names of the binaries. */
export const NAMES = { e2eNodeTest: 'e2e_node.test', ginkgo: 'ginkgo', kubelet: 'kubelet' } as const;

/** The paths of the binaries of node e2e tests. */
export interface Binaries {
  readonly e2eNodeTest: string;
  readonly ginkgo: string;
  readonly kubelet: string;
}

/** The binaries, and the version of the release they are from, if any. */
export interface Found {
  readonly binaries: Binaries;
  readonly version: string | undefined;
}
