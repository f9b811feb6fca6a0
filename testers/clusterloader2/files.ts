import { access } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { UsageError } from '../../src/api/errors.ts';

/** Where files that flags name are looked for. */
export interface Places {
  /** The clusterloader2 folder of the repository, where clusterloader2 runs; undefined without one. */
  readonly repository: string | undefined;
  /** The working directory. */
  readonly cwd: string;
}

/**
 * Finds the files of a flag: an absolute path as it is, another in the repository, where it keeps its name because
 * clusterloader2 runs there, else in the working directory, where it becomes absolute.
 * Throws UsageError that names each one that is nowhere, and where it was looked for.
 */
export async function findFiles(flag: string, paths: readonly string[], places: Places): Promise<string[]> {
  const found = await Promise.all(
    paths.filter((path) => path !== '').map(async (path) => ({ path, at: await find(path, places) })),
  );
  const missing = found.filter(({ at }) => at === undefined).map(({ path }) => JSON.stringify(path));
  if (missing.length > 0) {
    const where = places.repository === undefined ? places.cwd : `${places.repository} or ${places.cwd}`;
    throw new UsageError(`${flag}: there is no ${missing.join(', ')} in ${where}`);
  }
  return found.flatMap(({ at }) => at ?? []);
}

async function find(path: string, { repository, cwd }: Places): Promise<string | undefined> {
  if (isAbsolute(path)) return (await exists(path)) ? path : undefined;
  if (repository !== undefined && (await exists(join(repository, path)))) return path;
  const here = resolve(cwd, path);
  return (await exists(here)) ? here : undefined;
}

/** True when something has that path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
