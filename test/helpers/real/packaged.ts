import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { commitOf } from '../../../scripts/package/commit.ts';
import { newest, sources } from '../../global-setup.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const inputs = [...sources, 'scripts', 'docs', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/** What `npm run package` makes. */
export interface Packages {
  /** Absolute. */
  readonly directory: string;
  readonly version: string;
  readonly commit: string;
}

/** Why the packages cannot be made on this machine; empty when they can. */
export const noPackages = process.platform === 'linux' && process.arch === 'x64' ? '' : 'linux-amd64';

/** Makes the packages, unless those that are there are of this commit and newer than every source. */
export async function packaged(): Promise<Packages> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const packages = { directory: join(root, 'dist/release'), version, commit: commitOf(root) };
  if (!fresh(packages)) await promisify(execFile)(process.execPath, ['scripts/package/package.ts'], { cwd: root });
  return packages;
}

function fresh({ directory, version, commit }: Packages): boolean {
  const made = statSync(join(directory, 'SHA512SUMS'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (made < Math.max(...inputs.map(newest))) return false;
  return readFileSync(join(directory, `kubetest2-ts-${version}.spdx.json`), 'utf8').includes(`-${commit}"`);
}
