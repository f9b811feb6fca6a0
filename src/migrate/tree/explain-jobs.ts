import { explain } from '../explain/explain.ts';
import { migrateFile } from '../job/migrate-file.ts';
import { openYamlParser } from '../read/parse-yaml.ts';
import { presetsFor } from '../read/presets.ts';
import { readJobFile } from '../read/read-jobs.ts';
import { type MigrationInput, readPresets } from './migrate-tree.ts';

/** Both sides of every job with a name. */
export async function explainJobs(name: string, input: MigrationInput): Promise<{ text: string; refused: boolean }> {
  const parse = await openYamlParser();
  const presets = readPresets(input, (source) => readJobFile(source.name, source.text, parse));
  const parts: string[] = [];
  let refused = false;
  for (const source of input.sources.filter(({ text }) => text.includes(name))) {
    const file = readJobFile(source.name, source.text, parse);
    for (const migrated of migrateFile(file, presets, input.choices)) {
      if (migrated.job.name !== name) continue;
      refused ||= migrated.report.verdict === 'refused';
      parts.push(explain(migrated, presetsFor(migrated.job, presets)));
    }
  }
  return { text: parts.join('\n'), refused };
}
