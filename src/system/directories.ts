import { mkdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from './system-error.ts';

/**
 * Creates a directory and its missing parents. Returns the topmost one that was created; undefined when the directory
 * already exists. Throws the system's error. Node's recursive mkdir loops forever below a directory that exists and allows
 * no subdirectories, /proc for instance.
 * @param path absolute
 * @param mode the permissions of the created directories, before the umask
 */
export function makeDirectory(path: string, mode?: number): string | undefined {
  try {
    return create(path, mode) ? path : undefined;
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
    const first = makeDirectory(dirname(path), mode);
    return create(path, mode) ? (first ?? path) : first;
  }
}

/** False when the directory already exists. */
function create(path: string, mode: number | undefined): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST') && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}

/** Whether a path is a directory or a link to one. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
