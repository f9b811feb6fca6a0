declare global {
  /** Put in by the bundler; absent when the sources run as they are. */
  var KUBETEST2_TS_BUILD:
    | {
        readonly version: string;
        readonly commit: string;
        /** True in the executable that has its runtime inside. */
        readonly executable?: boolean;
      }
    | undefined;
}

/** This program's version as records and `--version` say it: `v0.1.0+abcdef0`. */
export function programVersion(): string {
  const build = globalThis.KUBETEST2_TS_BUILD;
  if (build === undefined) return 'v0.0.0-source';
  const [commit = '', dirty] = build.commit.split('-');
  const short = commit.slice(0, 12);
  return `v${build.version}${short === '' ? '' : `+${short}${dirty === undefined ? '' : `-${dirty}`}`}`;
}

/** Whether this program has its runtime inside, and so is one file with no script beside it. */
export const isExecutable = (): boolean => globalThis.KUBETEST2_TS_BUILD?.executable === true;
