import { type PromoteSettings, promote } from '../canary/promote.ts';
import { applyEdits } from '../edit/text-edits.ts';
import { openYamlParser } from '../read/parse-yaml.ts';
import { readJobFile } from '../read/read-jobs.ts';
import type { SourceFile } from '../read/tree.ts';
import type { ChangedFile } from '../report/diff.ts';
import type { JobReport } from '../report/report.ts';

/** Promotes the canaries of a tree. Throws UsageError when a file is not YAML. */
export async function promoteTree(
  sources: readonly SourceFile[],
  settings: PromoteSettings,
): Promise<{ files: (ChangedFile & { path: string })[]; reports: JobReport[] }> {
  const parse = await openYamlParser();
  const reports: JobReport[] = [];
  const files = sources.map(({ path, name, diffName, text }) => {
    const promotion = promote(readJobFile(name, text, parse), settings);
    reports.push(...promotion.reports);
    const after = promotion.edits.length === 0 ? text : applyEdits(text, promotion.edits);
    return { path, name: diffName, before: text, after };
  });
  return { files, reports };
}
