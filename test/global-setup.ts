// Builds dist/ once before the tests, when a source is newer than what is there.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const sources = ['bin', 'src', 'deployers', 'testers', 'scripts/build', 'package.json', 'package-lock.json'];

export function setup(): void {
  if (!existsSync(join(root, 'bin/launcher.ts')) || built() > Math.max(...sources.map(newest))) return;
  execFileSync(process.execPath, ['scripts/build/build.ts'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** When dist/ was made; 0 when it is not there. */
function built(): number {
  return statSync(join(root, 'dist/meta.json'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest change of a file, or below a folder; a removed file changes its folder. */
export function newest(path: string): number {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(join(root, path)).map((name) => newest(join(path, name))));
}
