import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { RunError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';

/**
 * Prints the full names of the specs that would run to stdout, one a line, in the suite's order, by a dry run of the
 * suite, which needs no cluster. `suite` is its path, and `args` select the specs.
 */
export async function listSpecs(
  suite: string,
  args: readonly string[],
  env: Env,
  run: Run,
  signal: AbortSignal,
): Promise<number> {
  const report = join(run.dir, 'specs.json');
  const argv = [suite, ...args, '--ginkgo.dry-run', `--ginkgo.json-report=${report}`];
  try {
    await run.exec(argv, { signal, env, output: 'capture', cwd: dirname(suite) });
    const names = specNames(JSON.parse(await readFile(report, 'utf8')));
    // Only children write to our stdout.
    if (names.length > 0) await run.exec(['cat'], { signal, env, input: `${names.join('\n')}\n` });
    return names.length;
  } finally {
    await rm(report, { force: true });
  }
}

/** The specs of a Ginkgo 2 JSON report that were neither skipped nor pending. Throws RunError for anything else. */
export function specNames(report: unknown): string[] {
  if (!Array.isArray(report)) throw new RunError('the suite wrote an invalid Ginkgo report');
  return (report as SuiteReport[])
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State === 'passed')
    .map((spec) => [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText ?? ''].join(' ').replaceAll('\n', ' '));
}

interface SuiteReport {
  readonly SpecReports?: readonly {
    readonly ContainerHierarchyTexts?: readonly string[] | null;
    readonly LeafNodeType?: string;
    readonly LeafNodeText?: string;
    readonly State?: string;
  }[];
}
