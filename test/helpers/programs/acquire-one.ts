// Fetches the member `kubernetes/test/bin/e2e.test` of the package at the URL named second into the cache named
// first; prints whether it was a cache hit, its digest, and what was logged.
import { stdout } from 'node:process';
import { openAcquirer } from '../../../src/download/open-downloader.ts';

const [cacheDir = '', url = ''] = process.argv.slice(2);
const lines: string[] = [];
const say = (line: string): void => void lines.push(line);
const acquirer = openAcquirer(
  { cacheDir, offline: false, pins: '', allowUnverified: false, downloadConnections: 4, gcsEndpoint: '' },
  {
    log: { info: say, warn: say, error: say, detail: () => undefined, progress: () => undefined, interactive: false },
    env: process.env,
    records: { event: () => undefined },
  },
);
const name = 'kubernetes/test/bin/e2e.test';
const { [name]: file } = await acquirer.members(url, [name], { signal: AbortSignal.timeout(60_000) });
await acquirer.close();
stdout.write(JSON.stringify({ hit: file?.cacheHit, sha256: file?.sha256, lines }));
