// Stages the build of a source tree, as a deployer's Build does after make: stage.ts TREE VERSION ENDPOINT LOCATION.

import { parseStage } from '../../../src/kube-build/location.ts';
import { stageBuild } from '../../../src/kube-build/stage.ts';
import { lines, never } from '../lease.ts';

const [repoRoot = '', version = '', gcsEndpoint = '', location = ''] = process.argv.slice(2);
const acquire = {
  cacheDir: '/nowhere',
  offline: false,
  pins: '',
  allowUnverified: false,
  downloadConnections: 1,
  gcsEndpoint,
};
const run = {
  acquire,
  env: {},
  log: lines(),
  records: { metadata: async () => {}, junitCase: async () => {}, event: () => {} },
};
let rss = 0;
// The system's own maximum would include the memory of the parent at the time of the fork.
const watch = setInterval(() => {
  rss = Math.max(rss, process.memoryUsage.rss());
}, 20);
const staged = await stageBuild({ repoRoot, gceFiles: false }, parseStage(location, 'path'), version, run, never());
clearInterval(watch);
console.log(JSON.stringify({ ...staged, rss }));
