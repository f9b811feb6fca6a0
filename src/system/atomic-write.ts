import { closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { RunError } from '../api/errors.ts';
import { reasonOf } from './system-error.ts';

export interface WriteOptions {
  /** Permissions of the file, before the umask. Default: 0644. */
  readonly mode?: number;
  /** Whether the data is flushed to disk before returning, so that it survives a crash of the host. Default: false. */
  readonly durable?: boolean;
}

/**
 * Replaces a file atomically: at every moment, even when this process is killed, readers find the old content or the
 * new one. It is synchronous, so writes of this process to one file keep their order; of two processes the last one
 * wins. For records, which are small: the event loop is blocked meanwhile.
 * Throws RunError naming the file when the write fails; then the old content stays and no temporary file is left.
 */
export function writeAtomic(file: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  const { mode = 0o644, durable = false } = options;
  const draft = draftOf(file);
  try {
    const fd = openSync(draft, 'wx', mode);
    try {
      writeFileSync(fd, data);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (error) {
    discard(draft);
    throw new RunError(`cannot write ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Copies a file in one step: readers find the old file or the whole new one, and a program that is running keeps the old.
 * Throws what the system reports.
 */
export async function copyAtomic(from: string, to: string): Promise<void> {
  const draft = draftOf(to);
  try {
    await copyFile(from, draft);
    await rename(draft, to);
  } catch (error) {
    discard(draft);
    throw error;
  }
}

/** Hidden, in the same directory, and under no name that a reader of junit or metadata would pick up. */
function draftOf(file: string): string {
  const name = file.lastIndexOf('/') + 1;
  return `${file.slice(0, name)}.${file.slice(name)}.${Math.random().toString(36).slice(2)}.tmp`;
}

function discard(draft: string): void {
  try {
    unlinkSync(draft);
  } catch {
    // The error of the write is reported.
  }
}
