import { basename } from 'node:path';
import { type JunitFolder, junitFolder, readJunitFiles } from '../../src/junit/results.ts';
import { describeResults, failedSentence, totalsOf } from '../../src/junit/summary.ts';

/** What the junit files of the machines say, image by image. */
export interface Report {
  /** For a reader. */
  readonly text: string;
  /** Why it failed, in a sentence that names the images; undefined when nothing did. */
  readonly failure: string | undefined;
  /** The tests that ran on all images together; undefined when no file tells. */
  readonly ran: number | undefined;
}

/** Reads the junit files that are new in a folder, or other than they were `before` the tests. */
export async function readReport(folder: string, before: JunitFolder): Promise<Report> {
  const now = await junitFolder(folder);
  const files = [...now.keys()].filter((file) => now.get(file) !== before.get(file));
  const parts: string[] = [];
  const failures: string[] = [];
  let ran: number | undefined;
  for (const [image, own] of Map.groupBy(files, imageOf)) {
    const results = await readJunitFiles(own);
    const sentence = failedSentence(results);
    if (sentence !== undefined) failures.push(image === '' ? sentence : `${image}: ${sentence}`);
    if (results.specs.length > 0) ran = (ran ?? 0) + totalsOf(results).ran;
    parts.push(image === '' ? describeResults(results) : `image ${image}: ${describeResults(results)}`);
  }
  if (files.length === 0) parts.push(`no junit file of the tests is in ${folder}`);
  return { text: parts.join('\n'), failure: failures.length > 0 ? failures.join('; ') : undefined, ran };
}

/** The runner names a junit file after its image, and two digits: `junit_IMAGE01.xml`. A file without one is of this host. */
function imageOf(file: string): string {
  return /^junit_(.*?)_?\d\d\.xml$/.exec(basename(file))?.[1] ?? '';
}
