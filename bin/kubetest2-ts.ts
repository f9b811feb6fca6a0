#!/usr/bin/env node
import { runCompiled } from './compiled.ts';

// Plain enough for nodes of long ago to read, so that they can say what is missing before the rest is loaded.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`kubetest2-ts needs Node.js 22.19 or newer, and this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const {
    XDG_CACHE_HOME: xdg = '',
    HOME: home = '',
    NODE_COMPILE_CACHE: chosen,
    NODE_DISABLE_COMPILE_CACHE: off,
  } = process.env;
  const caches = xdg.startsWith('/') ? xdg : home && `${home}/.cache`;
  const folder = off ? undefined : chosen || (caches && `${caches}/kubetest2-ts/compiled`) || undefined;
  const [word = '', ...words] = process.argv.slice(2);
  const short = [word, ...words].some((each) => each === '--help' || each === '-h' || each === '--dry-run');
  const call = `${/^\w+$/.test(word) ? word : 'none'}${short ? '-short' : ''}`;
  const { version, commit } = globalThis.KUBETEST2_TS_BUILD ?? { version: '', commit: '' };
  const kept = { folder, build: `${version}-${commit}`, call };
  runCompiled(`${__dirname}/launcher.cjs`, kept, (path) => {
    // Node's own cache is for the packages, which few calls need: a start is cheaper without turning it on.
    if (folder !== undefined) process.getBuiltinModule('node:module').enableCompileCache(folder);
    return import(path);
  });
}
