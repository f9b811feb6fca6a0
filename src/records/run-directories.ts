import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunError } from '../api/errors.ts';
import { makeDirectory } from '../system/directories.ts';
import { isCode, reasonOf } from '../system/system-error.ts';

/** The folders of a run, absolute; see `RunPaths`. */
export interface Folders {
  readonly base: string;
  readonly runDir: string;
  readonly artifacts: string;
}

/**
 * Makes the run's folders and makes sure that they can be written: the base, which git is told to ignore when it is
 * ours, the run dir, for its owner only, and the artifacts.
 * Throws RunError naming the folder, what the system said, and the flag that chooses another.
 */
export function makeRunFolders({ base, runDir, artifacts }: Folders): void {
  const flag = base.startsWith(`${artifacts}/`) ? '--artifacts or --rundir' : '--rundir';
  making(base, flag, () => makeBase(base));
  making(runDir, flag, () => makeRunDir(runDir));
  making(artifacts, '--artifacts', () => {
    makeDirectory(artifacts);
    tryWriting(artifacts);
  });
}

function making(folder: string, flag: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw new RunError(
      `the folder ${folder} cannot be made or written: ${inTheWay(error)}; choose another with ${flag}`,
      {
        cause: error,
      },
    );
  }
}

function makeBase(base: string): void {
  const made = makeDirectory(base);
  const ours = made !== undefined || basename(base) === '_rundir' || readdirSync(base).length === 0;
  if (ours) ignoring(['EEXIST'], () => writeFileSync(join(base, '.gitignore'), '*\n', { flag: 'wx' }));
}

function makeRunDir(runDir: string): void {
  makeDirectory(runDir, 0o700);
  // One that was there before may be another user's; then writing decides.
  ignoring(['EPERM', 'EROFS'], () => chmodSync(runDir, 0o700));
  tryWriting(runDir);
}

/** Permission bits say little to root and nothing about a full disk, so a page is written and removed. */
function tryWriting(folder: string): void {
  const probe = `${folder}/.probe.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    writeFileSync(probe, new Uint8Array(4096), { flag: 'wx' });
  } finally {
    rmSync(probe, { force: true });
  }
}

function inTheWay(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? ` (${String(error.path)})` : '';
  if (isCode(error, 'EEXIST', 'ENOTDIR')) return `a file is in the way${path}`;
  return reasonOf(error);
}

function ignoring(codes: readonly string[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isCode(error, ...codes)) throw error;
  }
}
