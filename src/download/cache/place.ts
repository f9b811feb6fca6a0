import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Puts a file of the cache at `destination`, in one step, so that what happens there does not reach the cache: a clone
 * that shares its blocks until one side writes, else a link to the read-only file, or with `copy` a copy.
 * Never a second name of the same file: writing there would write to the cache.
 */
export async function place(path: string, destination: string, copy: boolean): Promise<void> {
  const draft = `${destination}.${randomUUID()}.new`;
  await mkdir(dirname(destination), { recursive: true });
  try {
    if (!(await cloned(path, draft, copy))) await symlink(path, draft);
    await rename(draft, destination);
  } finally {
    await rm(draft, { force: true });
  }
}

async function cloned(path: string, draft: string, copy: boolean): Promise<boolean> {
  try {
    await copyFile(
      path,
      draft,
      constants.COPYFILE_EXCL | (copy ? constants.COPYFILE_FICLONE : constants.COPYFILE_FICLONE_FORCE),
    );
    await chmod(draft, 0o755);
    return true;
  } catch (error) {
    // Whatever keeps it from cloning keeps nobody from linking.
    if (copy) throw error;
    return false;
  }
}
