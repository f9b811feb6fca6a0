import { stat } from 'node:fs/promises';

/** True when a folder, or a link to one, has that path. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
