import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { RunError } from '../../api/errors.ts';
import { regularFileChunks } from '../../system/regular-file-chunks.ts';
import { isCode, reasonOf } from '../../system/system-error.ts';
import { isBuildFile, type Store, type StoredFile } from './store.ts';

/** A copy of a bucket in a directory. */
export function openDirectoryStore(root: string): Store {
  return {
    address: root,
    key: undefined,
    entries: async (directory, from) => {
      const entries = (await listed(join(root, directory))).filter(({ name }) => name >= from);
      const files = entries
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => fileOf(root, join(directory, name)));
      return {
        directories: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
        files: (await Promise.all(files)).filter((each) => each !== undefined),
      };
    },
    buildFiles: async (directory) => {
      const top = await listed(join(root, directory));
      const below = await listed(join(root, directory, 'artifacts'), true);
      const paths = [...top, ...below].map((entry) => relative(root, join(entry.parentPath, entry.name)));
      const wanted = paths.filter((path) => isBuildFile(path.slice(directory.length))).toSorted(byBytes);
      return (await Promise.all(wanted.map((path) => fileOf(root, path)))).filter((each) => each !== undefined);
    },
    read: async (path, take, signal) => await take(regularFileChunks(join(root, path), signal, { followLinks: true })),
    close: async () => undefined,
  };
}

async function listed(directory: string, recursive = false) {
  try {
    return await readdir(directory, { withFileTypes: true, recursive });
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw new RunError(`cannot read ${directory}: ${reasonOf(error)}`, { cause: error });
  }
}

async function fileOf(root: string, path: string): Promise<StoredFile | undefined> {
  const found = await stat(join(root, path)).catch(() => undefined);
  return found?.isFile() ? { path, size: found.size, link: undefined } : undefined;
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : 1);
