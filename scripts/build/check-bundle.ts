// Checks the licence of every package of which something is in the bundle, and that installing the development packages
// runs no scripts but those that package.json allows.
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
const root = fileURLToPath(new URL('../..', import.meta.url));
const packages = bundledPackages(root, read<Metafile>('dist/meta.json'));
for (const { name, version, license } of packages) {
  if (!licences.has(license)) complain(`${name} ${version} has the licence ${JSON.stringify(license)}`);
}
const { allowScripts } = read<{ allowScripts: Record<string, boolean> }>('package.json');
const lock = read<{ packages: Record<string, { hasInstallScript?: boolean }> }>('package-lock.json');
for (const [path, { hasInstallScript }] of Object.entries(lock.packages)) {
  const name = path.replace(/^.*node_modules\//, '');
  if (hasInstallScript && !allowScripts[name]) complain(`${name} runs a script when it is installed`);
}
console.log(`${packages.length} packages are in the bundle`);

function read<T>(file: string): T {
  return JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as T;
}

function complain(what: string): void {
  console.error(what);
  process.exitCode = 1;
}
