import { linkSync, unlinkSync } from 'node:fs';
import { RunError } from '../api/errors.ts';
import { isCode, reasonOf } from '../system/system-error.ts';

/**
 * Moves a record that cannot be read out of the way, so that what it holds is not lost: to `FILE.unreadable`, or the
 * first free `FILE.unreadable.N`. Returns the new name. Throws RunError when that cannot be done.
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
        throw new RunError(`${file} cannot be read, nor moved aside: ${reasonOf(error)}`, { cause: error });
      }
    }
  }
}
