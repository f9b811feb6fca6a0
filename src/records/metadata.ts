import { readFileSync } from 'node:fs';
import { RunError } from '../api/errors.ts';
import type { Log } from '../api/log.ts';
import { maskNamed } from '../logging/secrets.ts';
import { writeAtomic } from '../system/atomic-write.ts';
import { isCode, reasonOf } from '../system/system-error.ts';
import { moveAside } from './set-aside.ts';

export interface MergeOptions {
  /** Masks secrets; what a key with a secret name has as its value is masked without it. */
  readonly mask?: (text: string) => string;
  /** Warned when a file was unreadable, with its new name. */
  readonly log?: Pick<Log, 'warn'>;
}

/**
 * Adds or replaces keys of `metadata.json`, and removes those without a value. Prow merges it into `finished.json` and
 * TestGrid reads its columns from it: a flat object of strings. Keys of other programs stay, of any type. The file is read each time and replaced in one
 * step, so launcher and testers can take turns. Throws RunError when it cannot be written.
 */
export function mergeMetadata(
  file: string,
  entries: Readonly<Record<string, string | undefined>>,
  { mask = (text) => text, log }: MergeOptions = {},
): void {
  const merged = new Map(Object.entries(readObject(file, log)));
  for (const [key, value] of Object.entries(entries)) {
    const name = mask(key).toWellFormed();
    if (value === undefined) merged.delete(name);
    else merged.set(name, shorten(maskNamed(key, value, mask)).toWellFormed());
  }
  writeAtomic(file, `${JSON.stringify(Object.fromEntries(merged), undefined, 2)}\n`);
}

/** Characters of one value, some of which come from servers and programs. */
const LONGEST_VALUE = 4096;

const shorten = (value: string): string =>
  value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE - 1)}…`;

function readObject(file: string, log: MergeOptions['log']): object {
  const text = readText(file);
  if (text === undefined || text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Not JSON is as unreadable as JSON that is no object.
  }
  log?.warn(`${file} was not a JSON object; keeping it as ${moveAside(file)}`);
  return {};
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new RunError(`cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
}
