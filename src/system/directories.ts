import { mkdirSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from './system-error.ts';

/**
 * Makes a directory with those it is in, unless it is there. Returns the first one that was made; undefined when there was
 * nothing to do. Throws what the system says. Node's own way of doing so never ends below a directory in which nothing can
 * be made though it exists, /proc for instance, and cannot be stopped.
 * @param path absolute
 * @param mode the permissions of the directories that are made, before the umask
 */
export function makeDirectory(path: string, mode?: number): string | undefined {
  try {
    return made(path, mode) ? path : undefined;
  } catch (error) {
    if (!isCode(error, 'ENOENT') || dirname(path) === path) throw error;
    const first = makeDirectory(dirname(path), mode);
    return made(path, mode) ? (first ?? path) : first;
  }
}

/** False when the directory is there. */
function made(path: string, mode: number | undefined): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST') && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return false;
    throw error;
  }
}

/** True when a directory, or a link to one, has that path. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
