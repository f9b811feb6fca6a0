// `npm run package [-- linux-amd64 …]`: everything that is published, in dist/release/: the npm package, an executable
// for each platform, what they are made of, and checksums. The same commit gives the same bytes.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checksumFiles, SUMS, sumsText } from '../../src/kube-build/checksums.ts';
import { type Digests, digestFile } from '../../src/kube-build/digest.ts';
import { bundledPackages, licenceText } from '../build/bundled.ts';
import { archive } from './archive.ts';
import { type Bundle, bundleWhole } from './bundle.ts';
import { commitOf, sourceDate } from './commit.ts';
import { makeExecutable } from './executable.ts';
import { platforms, runtimeFor, runtimeHere } from './runtime.ts';
import { type Lock, sbom } from './sbom.ts';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const out = join(root, 'dist/release');
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'kubetest2-ts', 'runtimes');
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(platforms);
const { version } = read<{ version: string }>('package.json');
const identity = { version, commit: commitOf(root) };
const date = sourceDate(root, process.env);
const work = mkdtempSync(join(tmpdir(), 'kubetest2-package-'));

// The modes of files are in the packages.
process.umask(0o022);
try {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  execFileSync('npm', ['pack', '--silent', '--loglevel=error', '--pack-destination', out], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const program = await bundleWhole(root, identity, work);
  const packages = bundledPackages(root, program.metafile);
  const runtimes = new Set<string>();
  for (const name of wanted) runtimes.add(await packPlatform(name, program, licenceText(packages)));
  const lock = read<Lock>('package-lock.json');
  const bill = sbom({ identity, date, runtimes: [...runtimes], packages, root, lock });
  writeFileSync(join(out, `kubetest2-ts-${version}.spdx.json`), `${JSON.stringify(bill, undefined, 2)}\n`);
  writeFileSync(join(out, 'THIRD-PARTY-LICENSES.txt'), licenceText(packages));
  await writeChecksums();
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const name of readdirSync(out).sort()) console.log(`dist/release/${name}`);

/** Returns the version of the runtime inside. */
async function packPlatform(name: string, program: Bundle, licences: string): Promise<string> {
  const platform = platforms[name];
  if (platform === undefined) throw new Error(`${name} is none of ${Object.keys(platforms).join(', ')}`);
  const folder = join(work, name);
  mkdirSync(folder);
  const runtime = await runtimeFor(platform, cache);
  const here = await runtimeHere(platform, cache);
  await makeExecutable({ program, platform, runtime, here, folder: work, destination: join(folder, 'kubetest2-ts') });
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const node = `Node.js ${runtime.version}\n\n${runtime.licence.trim()}\n`;
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), `${licences}\n${'-'.repeat(80)}\n\n${node}`);
  await archive(join(out, `kubetest2-ts-${version}-${name}.tar.gz`), folder, readdirSync(folder), date);
  return runtime.version;
}

async function writeChecksums(): Promise<void> {
  const digests = new Map<string, Digests>();
  for (const name of readdirSync(out).sort()) {
    digests.set(name, await digestFile(join(out, name), new AbortController().signal));
  }
  for (const [path, text] of checksumFiles(digests)) writeFileSync(join(out, path), `${text}\n`);
  writeFileSync(join(out, SUMS[0]), `${sumsText(digests, 'sha256')}\n`);
  writeFileSync(join(out, SUMS[1]), `${sumsText(digests, 'sha512')}\n`);
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(join(root, file), 'utf8')) as T;
}
