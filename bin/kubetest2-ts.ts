#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Plain enough for old versions of Node.js to read, so that they can report what is missing before the rest is loaded.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`kubetest2-ts needs Node.js 22.19 or newer, and this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const { XDG_CACHE_HOME: xdg = '', HOME: home = '' } = process.env;
  const caches = xdg.startsWith('/') ? xdg : home && `${home}/.cache`;
  // Without a directory Node.js takes one below /tmp, which other users may have made.
  if (caches || process.env['NODE_COMPILE_CACHE']) enableCompileCache(`${caches}/kubetest2-ts/compiled`);
  require('./launcher.cjs');
}
