// Bundles the program into dist/: the launcher, its library form with types, and the licences of what is inside.
// Nothing in dist/ reads a file beside the bundle, and the same commit gives the same bytes.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { commitOf } from '../package/commit.ts';
import { bundledPackages, licenceText, order } from './bundled.ts';
import { packageEntries, packageFile, packageLoads, packagesApart } from './packages-apart.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

/** The packages that are imported where they are used. Each is a file of its own beside the bundle. */
const lazyPackages = new Set<string>();
const beside = (name: string): string => `./packages/${packageFile(name)}.js`;
const imported = packagesApart((name) => ({ path: beside(name), external: true }));
const required = packagesApart((name) => {
  lazyPackages.add(name);
  return { path: name, namespace: 'package' };
});

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  // Names stay, for stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  define: { 'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ version, commit: commitOf(root) }) },
} satisfies BuildOptions;

// All but the packages of a release, which are made of what is built here.
for (const name of existsSync(`${root}/dist`) ? readdirSync(`${root}/dist`) : []) {
  if (name !== 'release') rmSync(`${root}/dist/${name}`, { recursive: true, force: true });
}
const launcher = await build({
  ...common,
  entryPoints: { launcher: 'bin/launcher.ts' },
  // In this form esbuild evaluates a module, and requires those of Node.js, when the module is first imported.
  format: 'cjs',
  // A function, which bin/compiled.ts evaluates. `import` has no place in a script, so it requires the packages.
  banner: { js: '(function(require){' },
  footer: { js: '})' },
  outExtension: { '.js': '.cjs' },
  external: ['./packages/*'],
  plugins: [required, packageLoads((name) => `require(${JSON.stringify(beside(name))})`)],
});
const library = await build({ ...common, entryPoints: { index: 'src/index.ts' }, format: 'esm', plugins: [imported] });
const packages = await build({
  ...common,
  outdir: 'dist/packages',
  entryPoints: Object.fromEntries([...lazyPackages].sort(order).map((name) => [packageFile(name), name])),
  format: 'esm',
  plugins: [packageEntries(root)],
  // CommonJS packages inside an ES module still call `require`.
  banner: { js: "import{createRequire as kt2Require}from'node:module';const require=kt2Require(import.meta.url);" },
});
await build({
  ...common,
  entryPoints: { 'kubetest2-ts': 'bin/kubetest2-ts.ts' },
  format: 'cjs',
  define: { LAUNCHER_DIGEST: JSON.stringify(digestOf('dist/launcher.cjs')) },
  outExtension: { '.js': '.cjs' },
  // It has to be read by a Node.js that is too old for the rest, to say so.
  target: 'node14.8',
});
chmodSync(`${root}/dist/kubetest2-ts.cjs`, 0o755);
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});
const metafile = { inputs: {}, outputs: {} };
for (const each of [launcher, library, packages]) {
  Object.assign(metafile.inputs, each.metafile.inputs);
  Object.assign(metafile.outputs, each.metafile.outputs);
}
writeFileSync(`${root}/dist/THIRD-PARTY-LICENSES.txt`, licenceText(bundledPackages(root, metafile)));
// Last: test/global-setup.ts takes its time as the time of the whole build.
writeFileSync(`${root}/dist/meta.json`, JSON.stringify(metafile));

function digestOf(file: string): string {
  return createHash('sha256')
    .update(readFileSync(`${root}/${file}`))
    .digest('hex')
    .slice(0, 16);
}
