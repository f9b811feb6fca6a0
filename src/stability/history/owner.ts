import type { Store } from '../store/store.ts';
import type { Build } from './build.ts';
import { Json } from './json.ts';
import { textOf } from './read-build.ts';

/** So many builds are looked at for one that has a record of its job. */
const MOST = 5;

/** Whether the newest record of a job has an alert address; undefined when no record says. */
export async function isOwned(
  store: Store,
  builds: readonly Build[],
  signal: AbortSignal,
): Promise<boolean | undefined> {
  for (const { address } of builds.slice(-MOST).toReversed()) {
    const directory = `${address.slice(store.address.length + 1)}/`;
    const path = `${directory}prowjob.json`;
    const files = await store.buildFiles(directory, signal);
    if (!files.some((file) => file.path === path)) continue;
    const prowjob = Json.parse(await store.read(path, textOf, signal));
    return prowjob.at('metadata', 'annotations', 'testgrid-alert-email').text !== '';
  }
  return undefined;
}
