// Bundles the program into dist/: the launcher, its library form with types, and the licences of what is inside.
// Nothing in dist/ reads a file beside the bundle, and the same commit gives the same bytes.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, transform } from 'esbuild';
import { commitOf } from '../package/commit.ts';
import { builtins } from './builtins.ts';
import { bundledPackages, licenceText, order } from './bundled.ts';
import { asFunctions, closures } from './closures.ts';
import { packageEntries, packageFile, packagesApart } from './packages-apart.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'esm',
  // Names stay, for stack traces: esbuild's keepNames gives them back at the cost of a call for every function.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
} satisfies BuildOptions;

/** Each is a file of its own. All else is one file: to find and open many small ones costs more than it saves. */
const lazyPackages = new Set<string>();
const apart = packagesApart((name) => {
  lazyPackages.add(name);
  return { path: `./packages/${packageFile(name)}.js`, external: true };
});

// All but the packages of a release, which are made of what is built here.
for (const name of existsSync(`${root}/dist`) ? readdirSync(`${root}/dist`) : []) {
  if (name !== 'release') rmSync(`${root}/dist/${name}`, { recursive: true, force: true });
}
const ours = {
  ...common,
  target: 'node22.19',
  metafile: true,
  define: { 'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ version, commit: commitOf(root) }) },
  plugins: [apart, builtins],
} satisfies BuildOptions;
/** What every closure uses. */
const shared = new Map<string, string>();
// A plain script, which the entry runs itself (bin/compiled.ts): the function that it is gets what imports a package.
const { metafile, outputFiles } = await build({
  ...ours,
  entryPoints: { launcher: 'bin/launcher.ts' },
  plugins: [apart, builtins, closures(root, shared, ours.define)],
  format: 'iife',
  minifyWhitespace: false,
  write: false,
  // Nothing is read from beside the program; packages ask where they are before they know whether they need it.
  define: { 'import.meta.url': JSON.stringify('file:///kubetest2-ts.cjs') },
  outExtension: { '.js': '.cjs' },
});
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  const { code } = await transform([...shared.values(), asFunctions(text)].join(''), {
    minifySyntax: true,
    minifyWhitespace: true,
  });
  const loading = `(function(kt2Load){${code}})`.replaceAll('import("./packages/', 'kt2Load("./packages/');
  // The bundler leaves other characters in regular expressions alone; a text of ASCII is read faster.
  writeFileSync(
    path,
    loading.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
const library = await build({ ...ours, entryPoints: { index: 'src/index.ts' } });
const packages = await build({
  ...common,
  outdir: 'dist/packages',
  entryPoints: Object.fromEntries([...lazyPackages].sort(order).map((name) => [packageFile(name), name])),
  target: 'node22.19',
  metafile: true,
  plugins: [packageEntries(root), builtins],
  // CommonJS packages inside an ES module still say `require`.
  banner: { js: "import{createRequire as kt2Require}from'node:module';const require=kt2Require(import.meta.url);" },
});
for (const more of [library, packages]) {
  Object.assign(metafile.inputs, more.metafile.inputs);
  Object.assign(metafile.outputs, more.metafile.outputs);
}
await build({
  ...common,
  entryPoints: { 'kubetest2-ts': 'bin/kubetest2-ts.ts' },
  // Node starts it sooner than an ES module.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  target: 'node14.8',
  define: ours.define,
});
chmodSync(`${root}/dist/kubetest2-ts.cjs`, 0o755);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
writeFileSync(`${root}/dist/THIRD-PARTY-LICENSES.txt`, licenceText(bundledPackages(root, metafile)));
// Last: test/global-setup.ts takes its time as the time of the whole build.
writeFileSync(`${root}/dist/meta.json`, JSON.stringify(metafile));
