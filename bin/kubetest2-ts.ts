#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { evaluate } from './compiled.ts';

/** Put in by the build: the digest of launcher.cjs. */
declare const LAUNCHER_DIGEST: string;

// Plain enough for old versions of Node.js to read, so that they can report what is missing before the rest is loaded.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`kubetest2-ts needs Node.js 22.19 or newer, and this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  const [command = '', ...args] = process.argv.slice(2);
  const short = [command, ...args].some((each) => each === '--help' || each === '-h' || each === '--dry-run');
  const kind = `${/^\w+$/.test(command) ? command : 'none'}${short ? '-short' : ''}`;
  const directory = cacheDirectory();
  // For the packages, each of which is loaded when it is used.
  if (directory !== undefined) enableCompileCache(directory);
  const launcher = evaluate(`${__dirname}/launcher.cjs`, { directory, digest: LAUNCHER_DIGEST, kind });
  (launcher as (require: NodeJS.Require) => void)(require);
}

function cacheDirectory(): string | undefined {
  const { XDG_CACHE_HOME: xdg = '', HOME: home = '' } = process.env;
  if (process.env['NODE_DISABLE_COMPILE_CACHE']) return undefined;
  if (process.env['NODE_COMPILE_CACHE']) return process.env['NODE_COMPILE_CACHE'];
  const caches = xdg.startsWith('/') ? xdg : home && `${home}/.cache`;
  return caches ? `${caches}/kubetest2-ts/compiled` : undefined;
}
