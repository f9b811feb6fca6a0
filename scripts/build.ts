// Bundles the program into dist/: the launcher, its library form, and what they need, in files that read nothing beside them.
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };

/** The commit the bundle is made of; empty outside a checkout. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

rmSync(`${root}/dist`, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { 'kubetest2-ts': 'bin/kubetest2-ts.ts', index: 'src/index.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  target: 'node22',
  format: 'esm',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  define: { 'globalThis.KUBETEST2_TS_BUILD': JSON.stringify({ version, commit: commit() }) },
  // CommonJS dependencies inside an ES module still say `require`.
  banner: {
    js: "import{createRequire as kt2Require}from'node:module';const require=kt2Require(import.meta.url);",
  },
});
writeFileSync(`${root}/dist/meta.json`, JSON.stringify(metafile));
chmodSync(`${root}/dist/kubetest2-ts.js`, 0o755);
