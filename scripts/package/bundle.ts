import { type BuildOptions, build, type Metafile } from 'esbuild';
import { builtins } from '../builtins.ts';

/** What the program in the executable knows of itself. */
export interface Identity {
  readonly version: string;
  readonly commit: string;
}

/** Puts the whole program into one CommonJS file, which is what an executable can hold. Returns what went in. */
export async function bundleWhole(root: string, identity: Identity, outfile: string): Promise<Metafile> {
  const options = {
    absWorkingDir: root,
    entryPoints: ['bin/launcher.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    // What is imported where it is used stays in this file and is evaluated then.
    splitting: false,
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    plugins: [builtins],
    define: {
      'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ ...identity, executable: true }),
      // Nothing is read from beside the program; packages ask for it before they know whether they need it.
      'import.meta.url': JSON.stringify('file:///kubetest2-ts.cjs'),
    },
  } as const satisfies BuildOptions;
  return (await build(options)).metafile;
}
