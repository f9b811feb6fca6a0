import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../api/errors.ts';
import { SpecTally, type SpecTotals } from './spec-tally.ts';
import { visitJunitFile } from './stream.ts';
import type { KeptSizes } from './suite.ts';

/** What the junit files of the tests say. Its size does not depend on theirs. */
export interface Results extends SpecTotals {
  /** The files, absolute. */
  readonly files: readonly string[];
  /** One sentence for each file that could not be read to its end; what stands before its fault counts. */
  readonly unreadable: readonly string[];
}

/** The junit files of a directory, each with what changes when it is written anew. */
export type JunitFolder = ReadonlyMap<string, string>;

/** The junit files that are in a directory now, without our own. One that does not exist has none. */
export async function junitFolder(directory: string): Promise<JunitFolder> {
  const names = await readdir(directory).catch(() => []);
  const found = new Map<string, string>();
  for (const name of names.toSorted()) {
    if (!/^junit.*\.xml$/.test(name) || OURS.has(name)) continue;
    const path = join(directory, name);
    // A link whose target is gone is no file of these tests.
    const stats = await stat(path).catch(() => undefined);
    if (stats) found.set(path, `${stats.mtimeMs} ${stats.size} ${stats.ino}`);
  }
  return found;
}

const OURS: ReadonlySet<string> = new Set(['junit_runner.xml', 'junit_version_skew.xml']);

/** The results in the junit files of a directory that are new, or other than they were `before` the tests. */
export async function readResults(directory: string, before: JunitFolder, signal: AbortSignal): Promise<Results> {
  const now = await junitFolder(directory);
  return readJunitFiles(
    [...now.keys()].filter((path) => now.get(path) !== before.get(path)),
    signal,
  );
}

const KEPT: KeptSizes = { line: 4096, failure: 16 << 10, output: 0, details: 'none' };

/** Milliseconds for a look at the results of a run that was interrupted. */
const LAST_LOOK = 500;

/**
 * The results in some junit files. `unreadable` lists those that cannot be read. Throws the signal's reason when it
 * aborts; when it has aborted already, as that of an interrupted run has, reading takes half a second at most.
 */
export async function readJunitFiles(files: readonly string[], signal: AbortSignal): Promise<Results> {
  const tally = new SpecTally();
  const unreadable: string[] = [];
  const interrupted = signal.aborted;
  const reading = interrupted ? AbortSignal.timeout(LAST_LOOK) : signal;
  for (const file of files) {
    tally.beginFile();
    try {
      await visitJunitFile(file, tally, { signal: reading, keep: KEPT });
    } catch (error) {
      if (!interrupted) signal.throwIfAborted();
      unreadable.push(reading.aborted ? `${file} was not read to its end: the run was interrupted` : messageOf(error));
    }
  }
  return { ...tally.totals(), files, unreadable };
}
