import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a cached file at `destination`, atomically: a clone that shares its blocks until one side is written to, else a
 * symbolic link to the read-only file, or with `copy` a copy. Never a hard link: writes would reach the cache.
 */
export async function place(path: string, destination: string, copy: boolean): Promise<void> {
  const draft = `${destination}.${randomUUID()}.new`;
  await mkdir(dirname(destination), { recursive: true });
  try {
    if (!(await clone(path, draft, copy))) await symlink(path, draft);
    await rename(draft, destination);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Copies or clones a file. False when the file system does not support clones. */
async function clone(path: string, draft: string, copy: boolean): Promise<boolean> {
  try {
    await copyFile(
      path,
      draft,
      constants.COPYFILE_EXCL | (copy ? constants.COPYFILE_FICLONE : constants.COPYFILE_FICLONE_FORCE),
    );
    await chmod(draft, 0o755);
    return true;
  } catch (error) {
    // A symbolic link is the fallback for every reason.
    if (copy) throw error;
    return false;
  }
}
