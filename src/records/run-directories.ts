import { chmodSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunError } from '../api/errors.ts';
import { makeDirectory } from '../system/directories.ts';
import { isCode, reasonOf } from '../system/system-error.ts';

/** The directories of a run, absolute; see `RunPaths`. */
export interface Directories {
  readonly base: string;
  readonly runDir: string;
  readonly artifacts: string;
}

/**
 * Creates the run's directories and makes sure that they can be written: the base, with a .gitignore when it is ours,
 * the run directory, for its owner only, and the artifacts.
 * Throws RunError with the directory, the system's reason, and the flag that sets another.
 */
export function makeRunDirectories({ base, runDir, artifacts }: Directories): void {
  const flag = base.startsWith(`${artifacts}/`) ? '--artifacts or --rundir' : '--rundir';
  making(base, flag, () => makeBase(base));
  making(runDir, flag, () => makeRunDir(runDir));
  making(artifacts, '--artifacts', () => {
    makeDirectory(artifacts);
    tryWriting(artifacts);
  });
}

function making(directory: string, flag: string, make: () => void): void {
  try {
    make();
  } catch (error) {
    throw new RunError(`cannot write to directory ${directory}: ${inTheWay(error)}; set another with ${flag}`, {
      cause: error,
    });
  }
}

function makeBase(base: string): void {
  const made = makeDirectory(base);
  const ours = made !== undefined || basename(base) === '_rundir' || readdirSync(base).length === 0;
  if (ours) ignoring(['EEXIST'], () => writeFileSync(join(base, '.gitignore'), '*\n', { flag: 'wx' }));
}

function makeRunDir(runDir: string): void {
  makeDirectory(runDir, 0o700);
  // An existing one may be another user's; then writing decides.
  ignoring(['EPERM', 'EROFS'], () => chmodSync(runDir, 0o700));
  tryWriting(runDir);
}

/** Permission bits mean little to root and nothing on a full disk, so a page is written and removed. */
function tryWriting(directory: string): void {
  const probe = `${directory}/.probe.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    writeFileSync(probe, new Uint8Array(4096), { flag: 'wx' });
  } finally {
    removeProbe(probe);
  }
}

function removeProbe(probe: string): void {
  try {
    unlinkSync(probe);
  } catch {
    // It was never written, or the next call removes it as a draft.
  }
}

function inTheWay(error: unknown): string {
  const path = error instanceof Error && 'path' in error ? ` (${String(error.path)})` : '';
  if (isCode(error, 'EEXIST', 'ENOTDIR')) return `a file with that name exists${path}`;
  return reasonOf(error);
}

function ignoring(codes: readonly string[], action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isCode(error, ...codes)) throw error;
  }
}
