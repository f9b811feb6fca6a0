import { access } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { UsageError } from '../../src/api/errors.ts';

/** Where the files of flags are searched. */
export interface SearchPaths {
  /** The clusterloader2 directory of the repository, where clusterloader2 runs; undefined without one. */
  readonly repository: string | undefined;
  /** The working directory. */
  readonly cwd: string;
}

/**
 * Finds the files of a flag. An absolute path stays as it is; a relative one is searched in the repository, where it stays
 * relative because clusterloader2 runs there, then in the working directory, where it becomes absolute.
 * Throws UsageError with all missing files and where they were searched.
 */
export async function findFiles(flag: string, paths: readonly string[], search: SearchPaths): Promise<string[]> {
  const found = await Promise.all(
    paths.filter((path) => path !== '').map(async (path) => ({ path, at: await find(path, search) })),
  );
  const missing = found.filter(({ at }) => at === undefined).map(({ path }) => JSON.stringify(path));
  if (missing.length > 0) {
    const where = search.repository === undefined ? search.cwd : `${search.repository} or ${search.cwd}`;
    throw new UsageError(`invalid ${flag}: ${missing.join(', ')} not found in ${where}`);
  }
  return found.flatMap(({ at }) => at ?? []);
}

async function find(path: string, { repository, cwd }: SearchPaths): Promise<string | undefined> {
  if (isAbsolute(path)) return (await exists(path)) ? path : undefined;
  if (repository !== undefined && (await exists(join(repository, path)))) return path;
  const here = resolve(cwd, path);
  return (await exists(here)) ? here : undefined;
}

/** True when a file or directory has that path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
