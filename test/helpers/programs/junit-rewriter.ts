// Rewrites a junit file and a metadata file without end, and says each time that it did. Arguments: the directory.
import { join } from 'node:path';
import { mergeMetadata } from '../../../src/records/metadata.ts';
import { JunitRunner } from '../../../src/records/runner-junit.ts';

const [directory = ''] = process.argv.slice(2);
const settings = { runId: 'r', now: () => new Date(), mask: (text: string) => text };
const junit = await JunitRunner.open(join(directory, 'junit_runner.xml'), settings);
const output = 'a line of output, long enough for a write to take a while\n'.repeat(300);
for (let n = 0; ; n++) {
  junit.begin(`Step ${n}`);
  junit.write();
  junit.pass(`Step ${n}`, n, output);
  junit.write();
  mergeMetadata(join(directory, 'metadata.json'), { [`key-${n}`]: output });
  process.stdout.write(`${n}\n`);
}
