// Bundles the program into dist/: the launcher, its library form with types, and the licences of what is inside.
// Nothing in dist/ reads a file beside the bundle, and the same commit gives the same bytes.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { bundledPackages, licenceText } from './bundled.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  minify: true,
  legalComments: 'none',
} satisfies BuildOptions;

/** The entry loads the rest at run time, once it knows that this node can read it. */
const launcherApart: Plugin = {
  name: 'launcher-apart',
  setup(builder) {
    builder.onResolve({ filter: /^\.\/launcher\.ts$/ }, () => ({ path: './launcher.js', external: true }));
  },
};

/**
 * A CommonJS package that is imported lazily ends up in a chunk of its own, which would have a default export alone. The
 * names that node gives it are spelt out, so that `const { parse } = await import('yaml')` means the same in the bundle.
 */
const lazyPackages: Plugin = {
  name: 'lazy-packages',
  setup(builder) {
    builder.onResolve({ filter: /^[@a-z]/ }, ({ kind, path, namespace }) =>
      kind === 'dynamic-import' && namespace === 'file' && !isBuiltin(path)
        ? { path, namespace: 'lazy-package' }
        : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: 'lazy-package' }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name));
      return { contents: `export { ${names.join(', ')} } from ${JSON.stringify(path)};`, resolveDir: root };
    });
  },
};

rmSync(`${root}/dist`, { recursive: true, force: true });
const { metafile } = await build({
  ...common,
  entryPoints: { launcher: 'bin/launcher.ts', index: 'src/index.ts' },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  target: 'node22.19',
  keepNames: true,
  metafile: true,
  plugins: [lazyPackages],
  define: { 'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ version, commit: commit() }) },
  // CommonJS dependencies inside an ES module still say `require`.
  banner: { js: "import{createRequire as kt2Require}from'node:module';const require=kt2Require(import.meta.url);" },
});
await build({
  ...common,
  entryPoints: { 'kubetest2-ts': 'bin/kubetest2-ts.ts' },
  target: 'node14.8',
  plugins: [launcherApart],
});
chmodSync(`${root}/dist/kubetest2-ts.js`, 0o755);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
writeFileSync(`${root}/dist/THIRD-PARTY-LICENSES.txt`, licenceText(bundledPackages(root, metafile)));
// Last: test/build.ts takes its time as the time of the whole build.
writeFileSync(`${root}/dist/meta.json`, JSON.stringify(metafile));

/** The commit the bundle is made of, marked when files differ from it; empty outside a checkout. */
function commit(): string {
  const words = ['describe', '--always', '--abbrev=40', '--exclude=*', '--dirty'];
  try {
    return execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}
