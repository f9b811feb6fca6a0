import { stat } from 'node:fs/promises';
import { messageOf, RunError } from '../../src/api/errors.ts';
import { junitFolder } from '../../src/junit/results.ts';
import { type Spec, specOf } from '../../src/junit/spec.ts';
import { visitJunitFile } from '../../src/junit/stream.ts';
import type { JunitCase, JunitSuite, KeptSizes } from '../../src/junit/suite.ts';
import { reasonOf } from '../../src/system/system-error.ts';

/** What tells one spec from another. */
export type SpecName = Pick<Spec, 'suite' | 'name'>;

/** A command line with more of them would be longer than any system takes. */
const MOST = 10_000;
const NAMES: KeptSizes = { line: 4096, failure: 0, output: 0, details: 'none' };

/**
 * The failed specs in a junit file, or in the junit files of a directory.
 * Throws RunError when the file does not exist or one cannot be read: the specs would be incomplete.
 */
export async function failedSpecs(path: string, signal: AbortSignal): Promise<SpecName[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new RunError(`cannot read ${path} (--rerun-failed): ${reasonOf(error)}`, { cause: error });
  });
  const files = found.isDirectory() ? [...(await junitFolder(path)).keys()] : [path];
  if (files.length === 0) throw new RunError(`no junit*.xml in ${path} (--rerun-failed)`);
  const failed: SpecName[] = [];
  for (const file of files) await collectFailed(file, failed, signal);
  return failed;
}

async function collectFailed(file: string, failed: SpecName[], signal: AbortSignal): Promise<void> {
  const visitor = {
    case(each: JunitCase, { name: suite }: JunitSuite): void {
      const { name, isSpec, outcome } = specOf(each, suite);
      if (!isSpec || outcome !== 'failed') return;
      if (failed.length === MOST) throw new RunError(`${file} has more than ${MOST} failed specs; run the suite anew`);
      failed.push({ suite, name });
    },
  };
  try {
    await visitJunitFile(file, visitor, { signal, keep: NAMES });
  } catch (error) {
    signal.throwIfAborted();
    throw new RunError(`cannot read all failed specs (--rerun-failed): ${messageOf(error)}`, { cause: error });
  }
}

/**
 * A regular expression for Go's `regexp` that matches only this spec: Ginkgo matches it with the suite's description, a
 * space, and the spec's texts. Some junit writers append labels in brackets to the texts, which look like brackets of the
 * texts, so trailing brackets are optional.
 */
export function focusOn({ suite, name }: SpecName): string {
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
