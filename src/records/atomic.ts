import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { RunError } from '../errors.ts';
import { newUuid } from '../uuid.ts';
import { reasonOf } from './reason.ts';

export interface WriteOptions {
  /** Permissions of the file, before the umask. Default: 0644. */
  readonly mode?: number;
}

/**
 * Puts a whole file in place: at every moment, also when this process is killed, readers find the old content or the
 * new one and nothing between. The last of two writes at once wins.
 * Throws RunError naming the file when it cannot be written; then the old content stays and nothing is left beside it.
 */
export async function writeAtomic(
  file: string,
  data: string | Uint8Array,
  { mode = 0o644 }: WriteOptions = {},
): Promise<void> {
  const draft = draftOf(file);
  try {
    await using handle = await open(draft, 'wx', mode);
    await handle.writeFile(data);
    await handle.sync();
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw notWritten(file, error);
  }
}

/** The same in one go, for a reader-and-writer that must not be interleaved with another of this process. */
export function writeAtomicSync(file: string, data: string, { mode = 0o644 }: WriteOptions = {}): void {
  const draft = draftOf(file);
  try {
    const fd = openSync(draft, 'wx', mode);
    try {
      writeFileSync(fd, data);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (error) {
    discard(draft);
    throw notWritten(file, error);
  }
}

/** Hidden, in the same folder, and under no name that a reader of junit or metadata would pick up. */
const draftOf = (file: string): string => join(dirname(file), `.${basename(file)}.${newUuid()}.tmp`);

const notWritten = (file: string, error: unknown): RunError =>
  new RunError(`${file} cannot be written: ${reasonOf(error)}`, { cause: error });

function discard(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // The first error is the one that counts.
  }
}
