#!/usr/bin/env node
// Plain enough for nodes of long ago to read, so that they can say what is missing before the rest is loaded.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`kubetest2-ts needs Node.js 22.19 or newer, and this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const caches = process.env['XDG_CACHE_HOME'] || `${process.env['HOME'] || ''}/.cache`;
  // Compiled code is kept between calls; where that folder cannot be written, nothing is.
  process.getBuiltinModule('node:module').enableCompileCache(`${caches}/kubetest2-ts/compiled`);
  import('./launcher.ts').catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 3;
  });
}
