import { dirname } from 'node:path';
import { messageOf } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { makeDirectory } from '../system/directories.ts';

/**
 * Writes of records. One that fails never stops the run: its error is kept, and it is tried again with the next step and
 * at the end, until it succeeds.
 */
export class PendingWrites {
  readonly #log: Pick<Log, 'warn'>;
  readonly #failed = new Map<string, { readonly write: () => void; readonly error: unknown }>();

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** Writes a whole file; a directory that has gone is created again first. False when it failed. Never throws. */
  attempt(file: string, write: () => void, mode?: number): boolean {
    try {
      try {
        write();
      } catch (error) {
        if (!recreated(dirname(file), mode)) throw error;
        write();
      }
      this.#failed.delete(file);
      return true;
    } catch (error) {
      if (!this.#failed.has(file))
        this.#log.warn(`Record not written, retrying with the next step: ${messageOf(error)}`);
      this.#failed.set(file, { write, error });
      return false;
    }
  }

  /** Tries again what failed. */
  retry(): void {
    for (const [file, { write }] of this.#failed) this.attempt(file, write);
  }

  /** The last error of each file that is still not written. */
  get errors(): unknown[] {
    return Array.from(this.#failed.values(), ({ error }) => error);
  }
}

/** Creates a missing directory; false when there is nothing to create, or it cannot be. */
function recreated(directory: string, mode: number | undefined): boolean {
  try {
    return makeDirectory(directory, mode) !== undefined;
  } catch {
    return false;
  }
}
