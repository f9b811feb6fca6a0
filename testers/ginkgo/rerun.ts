import { stat } from 'node:fs/promises';
import { RunError } from '../../src/api/errors.ts';
import { junitFolder, readJunitFiles, type Spec } from '../../src/junit/results.ts';

/**
 * The failed specs in a junit file, or in the junit files of a folder.
 * Throws RunError when there is no such file, or one cannot be read: half of the failed specs would look like all.
 */
export async function failedSpecs(path: string): Promise<Spec[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new RunError(`--rerun-failed: ${path} is not there`, { cause: error });
  });
  const files = found.isDirectory() ? [...(await junitFolder(path)).keys()] : [path];
  if (files.length === 0) throw new RunError(`--rerun-failed: ${path} has no junit*.xml`);
  const { specs, unreadable } = await readJunitFiles(files);
  if (unreadable.length > 0) throw new RunError(`--rerun-failed: ${unreadable.join('; ')}`);
  return specs.filter(({ isSpec, outcome }) => isSpec && outcome === 'failed');
}

/**
 * A regular expression, as Go's `regexp` reads it, that Ginkgo matches with this spec and no other: it is compared with
 * the suite's description, a blank, and the spec's texts. Some junit writers put labels in brackets behind the texts,
 * and nothing tells them from brackets of the texts, so brackets at the end may be missing.
 */
export function focusOn({ suite, name }: Pick<Spec, 'suite' | 'name'>): string {
  const [, texts = name, brackets = ''] = /^(.*?)((?:\s*\[[^[\]]*\])*)\s*$/s.exec(name) ?? [];
  const groups = brackets.match(/\s*\[[^[\]]*\]/g) ?? [];
  const optional = groups.reduceRight((inner, group) => `(?:${escapeRegex(group)}${inner})?`, '');
  const start = suite === '' ? '(?:^| )' : `^${escapeRegex(suite)} \\s*`;
  return `${start}${escapeRegex(texts)}${optional}\\s*$`;
}

/** Each character that means something in a regular expression, taken literally. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
