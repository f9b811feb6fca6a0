import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeDrafts } from '../../src/records/drafts.ts';
import { tempDirectory } from '../helpers/records-directory.ts';

test('removes what killed calls left half written, and nothing else', () => {
  const [runDir, artifacts] = [tempDirectory(), tempDirectory()];
  const drafts = ['.state.json.ab12.tmp', 'lock.mx-1.new', 'e2e.test.0b0f5a34-9a53-4b5e-8d1c-6f1d1f0a7c11.new'];
  const kept = ['state.json', 'lock', 'e2e.test', 'notes.new', '.mine.tmp'];
  for (const name of [...drafts, ...kept]) writeFileSync(join(runDir, name), '');
  for (const name of ['.junit_runner.xml.x1.tmp', '.metadata.json.y2.tmp', 'junit_01.xml'])
    writeFileSync(join(artifacts, name), '');
  removeDrafts({ runDir, artifacts });
  expect(readdirSync(runDir).sort()).toEqual([...kept].sort());
  expect(readdirSync(artifacts)).toEqual(['junit_01.xml']);
});
