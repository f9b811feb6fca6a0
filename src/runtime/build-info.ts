declare global {
  /** Set by the bundler; absent when the sources run unbundled. */
  var KUBETEST2_TS_BUILD:
    | {
        readonly version: string;
        readonly commit: string;
        /** True in the standalone executable, which contains its runtime. */
        readonly executable?: boolean;
      }
    | undefined;
}

/** This program's version as in metadata.json and `--version`: `v0.1.0+abcdef0`. */
export function programVersion(): string {
  const build = globalThis.KUBETEST2_TS_BUILD;
  if (build === undefined) return 'v0.0.0-source';
  const [commit = '', dirty] = build.commit.split('-');
  const short = commit.slice(0, 12);
  return `v${build.version}${short === '' ? '' : `+${short}${dirty === undefined ? '' : `-${dirty}`}`}`;
}

/** Whether this is the standalone executable: one file, with no script beside it. */
export const isExecutable = (): boolean => globalThis.KUBETEST2_TS_BUILD?.executable === true;
