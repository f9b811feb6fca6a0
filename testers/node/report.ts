import { basename } from 'node:path';
import { type JunitFolder, junitFolder, readJunitFiles } from '../../src/junit/results.ts';
import { describeResults, failedSentence } from '../../src/junit/summary.ts';

/** The content of the instances' junit files, by image. */
export interface Report {
  /** The results in words. */
  readonly text: string;
  /** Why it failed, in a sentence with the images; undefined when nothing failed. */
  readonly failure: string | undefined;
  /** The number of tests that ran on all images; undefined when no file has it. */
  readonly ran: number | undefined;
}

/** Reads the junit files of a directory that are new or have changed since `before`. */
export async function readReport(directory: string, before: JunitFolder, signal: AbortSignal): Promise<Report> {
  const current = await junitFolder(directory);
  const files = [...current.keys()].filter((file) => current.get(file) !== before.get(file));
  const parts: string[] = [];
  const failures: string[] = [];
  let ran: number | undefined;
  for (const [image, own] of Map.groupBy(files, imageOf)) {
    const results = await readJunitFiles(own, signal);
    const sentence = failedSentence(results);
    if (sentence !== undefined) failures.push(image === '' ? sentence : `${image}: ${sentence}`);
    if (results.cases > 0) ran = (ran ?? 0) + results.totals.ran;
    parts.push(image === '' ? describeResults(results) : `image ${image}: ${describeResults(results)}`);
  }
  if (files.length === 0) parts.push(`no junit file of the tests in ${directory}`);
  return { text: parts.join('\n'), failure: failures.length > 0 ? failures.join('; ') : undefined, ran };
}

/** The image in the name of a junit file, `junit_IMAGE01.xml`; empty for tests on this host. */
function imageOf(file: string): string {
  return /^junit_(.*?)_?\d\d\.xml$/.exec(basename(file))?.[1] ?? '';
}
