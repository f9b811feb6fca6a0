// `npm run release -- gs://BUCKET[/FOLDER] [--channel=latest]… [--gcs-endpoint=URL]`: publishes what `npm run package` made.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/api/errors.ts';
import { commitOf } from './commit.ts';
import { parseLocation, publish, settings } from './publish.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { channel: { type: 'string', multiple: true }, 'gcs-endpoint': { type: 'string' } },
});
const location = parseLocation(positionals[0] ?? '');
const channels = values.channel ?? [];
const commit = commitOf(root);
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
try {
  if (location === undefined || positionals.length !== 1) throw new Error('release needs one gs://BUCKET[/FOLDER]');
  const odd = channels.filter((channel) => !/^[a-z][\w.-]*$/.test(channel));
  if (odd.length > 0) throw new Error(`${odd.join(', ')}: no name for a channel`);
  if (!/^[0-9a-f]{40}$/.test(commit)) throw new Error('releases are made of a commit, with no file changed since');
  const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string };
  const release = {
    folder: `${root}/dist/release`,
    version: `v${version}`,
    channels: [...channels, `commit-${commit}`],
  };
  const run = { acquire: settings(values['gcs-endpoint'] ?? ''), env: process.env };
  for (const name of await publish(release, location, run, stop.signal)) console.log(`gs://${location.bucket}/${name}`);
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
