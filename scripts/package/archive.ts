import { create } from 'tar';
import { order } from '../build/bundled.ts';

/** Packs files of a folder so that the same files give the same bytes: sorted, no owners, one time for all. */
export async function archive(file: string, cwd: string, names: readonly string[], seconds: number): Promise<void> {
  const options = { file, cwd, portable: true, mtime: new Date(seconds * 1000), gzip: { level: 6 } };
  await create(options, [...names].sort(order));
}
