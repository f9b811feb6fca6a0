import { stat } from 'node:fs/promises';
import { RunError } from '../../src/api/errors.ts';
import { junitFolder, readJunitFiles, type Spec } from '../../src/junit/results.ts';
import { reasonOf } from '../../src/system/system-error.ts';

/**
 * The failed specs in a junit file, or in the junit files of a directory.
 * Throws RunError when the file does not exist or one cannot be read: the specs would be incomplete.
 */
export async function failedSpecs(path: string): Promise<Spec[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new RunError(`cannot read ${path} (--rerun-failed): ${reasonOf(error)}`, { cause: error });
  });
  const files = found.isDirectory() ? [...(await junitFolder(path)).keys()] : [path];
  if (files.length === 0) throw new RunError(`no junit*.xml in ${path} (--rerun-failed)`);
  const { specs, unreadable } = await readJunitFiles(files);
  if (unreadable.length > 0)
    throw new RunError(`cannot read all failed specs (--rerun-failed): ${unreadable.join('; ')}`);
  return specs.filter(({ isSpec, outcome }) => isSpec && outcome === 'failed');
}

/**
 * A regular expression for Go's `regexp` that matches only this spec: Ginkgo matches it with the suite's description, a
 * space, and the spec's texts. Some junit writers append labels in brackets to the texts, which look like brackets of the
 * texts, so trailing brackets are optional.
 */
export function focusOn({ suite, name }: Pick<Spec, 'suite' | 'name'>): string {
  const [, texts = name, brackets = ''] = /^(.*?)((?:\s*\[[^[\]]*\])*)\s*$/s.exec(name) ?? [];
  const groups = brackets.match(/\s*\[[^[\]]*\]/g) ?? [];
  const optional = groups.reduceRight((inner, group) => `(?:${escapeRegex(group)}${inner})?`, '');
  const start = suite === '' ? '(?:^| )' : `^${escapeRegex(suite)} \\s*`;
  return `${start}${escapeRegex(texts)}${optional}\\s*$`;
}

/** Escapes the special characters of regular expressions. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
