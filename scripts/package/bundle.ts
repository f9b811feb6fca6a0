import { join } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { order } from '../build/bundled.ts';
import { packageEntries, packageFile, packageLoads, packagesApart } from '../build/packages-apart.ts';

/** What the program in the executable knows of itself. */
export interface Identity {
  readonly version: string;
  readonly commit: string;
}

/** The program as an executable holds it. */
export interface Bundle {
  /** One CommonJS file: all but the packages that are used where they are used. Absolute. */
  readonly main: string;
  /** Those packages, by the names that the main file asks for: each the text of a function that fills a module. */
  readonly packages: ReadonlyMap<string, string>;
  /** What went in. */
  readonly metafile: Metafile;
}

/** Puts the program into files below a directory. */
export async function bundleWhole(root: string, identity: Identity, folder: string): Promise<Bundle> {
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    define: {
      'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ ...identity, executable: true }),
      // Nothing is read from beside the program; packages ask for it before they know whether they need it.
      'import.meta.url': JSON.stringify('file:///kubetest2-ts.cjs'),
    },
  } as const satisfies BuildOptions;
  const names = new Set<string>();
  const apart = packagesApart((path) => {
    names.add(path);
    return { path, namespace: 'package' };
  });
  const main = join(folder, 'kubetest2-ts.cjs');
  const { metafile } = await build({
    ...common,
    entryPoints: ['bin/launcher.ts'],
    outfile: main,
    // What our own files import where it is used stays in this file and is evaluated then.
    splitting: false,
    plugins: [apart, assets],
  });
  const entries = [...names].sort(order).map((name) => [packageFile(name), name]);
  const packages = await build({
    ...common,
    entryPoints: Object.fromEntries(entries) as Record<string, string>,
    outdir: join(folder, 'packages'),
    // The text of one function, so that it can be compiled by itself.
    banner: { js: '(function(exports,require,module){' },
    footer: { js: '})' },
    plugins: [packageEntries(root)],
  });
  Object.assign(metafile.inputs, packages.metafile.inputs);
  const files = entries.map(([file = '']) => [file, join(folder, 'packages', `${file}.js`)] as const);
  return { main, packages: new Map(files), metafile };
}

const assets = packageLoads((name) => {
  const file = JSON.stringify(packageFile(name));
  return `(() => {
    const { getAsset } = require('node:sea');
    const { Script } = require('node:vm');
    const module = { exports: {} };
    new Script(getAsset(${file}, 'utf8'), { filename: ${file} }).runInThisContext()(module.exports, require, module);
    return module.exports;
  })()`;
});
