import { linkSync, unlinkSync } from 'node:fs';
import { RunError } from '../api/errors.ts';
import { isCode, reasonOf } from '../system/system-error.ts';

/**
 * Renames a record that cannot be read, so that its content is not lost: to `FILE.unreadable`, or the first free
 * `FILE.unreadable.N`. Returns the new name. Throws RunError when that cannot be done.
 */
export function moveAside(file: string): string {
  for (let n = 1; ; n++) {
    const aside = n === 1 ? `${file}.unreadable` : `${file}.unreadable.${n}`;
    try {
      // A link never replaces an older one, as a rename would.
      linkSync(file, aside);
      unlinkSync(file);
      return aside;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) {
        throw new RunError(`cannot read ${file}, nor rename it: ${reasonOf(error)}`, { cause: error });
      }
    }
  }
}
