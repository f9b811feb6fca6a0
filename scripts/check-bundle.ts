// Checks every package of which something is in the bundle: its licence, and that npm runs nothing to install it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { bundledPackages } from './bundled.ts';

const licences = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'Python-2.0',
]);
/** Packages that may run a script when they are installed, and why. */
const installers: Readonly<Record<string, string>> = {};

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = bundledPackages(root, JSON.parse(readFileSync(`${root}/dist/meta.json`, 'utf8')) as Metafile);
for (const { name, version, license, installScripts } of packages) {
  if (!licences.has(license)) complain(`${name} ${version} has the licence ${JSON.stringify(license)}`);
  if (installScripts.length > 0 && !Object.hasOwn(installers, name))
    complain(`${name} ${version} runs ${installScripts}`);
}
console.log(`${packages.length} packages are in the bundle`);

function complain(what: string): void {
  console.error(`${what}: allow it in scripts/check-bundle.ts, or leave it out`);
  process.exitCode = 1;
}
