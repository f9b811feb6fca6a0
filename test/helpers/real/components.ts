import { join } from 'node:path';
import { describe } from 'vitest';
import { componentsFolder, missingComponents } from '../../../scripts/package/pinned.ts';

const directory = componentsFolder(process.env);

/** The directory of the real programs: put it on the PATH of what a test starts. */
export const componentsBin = join(directory, 'bin');

/** The path of a real program. */
export const component = (name: string): string => join(componentsBin, name);

/** A suite that needs real programs: skipped, and named by what is missing, where one is not there. */
export function describeWith(needs: readonly string[], title: string, body: () => void): void {
  const missing = missingComponents(directory, needs);
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} (left out: no ${missing.join(', ')})`, body);
}
