import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../api/errors.ts';
import { type JunitCase, readJunit } from './read.ts';

/** One spec, or one node of a suite as a whole, as a junit file of Ginkgo has it. */
export interface Spec {
  /** The suite's description. */
  readonly suite: string;
  /** The texts of its containers and its own. */
  readonly name: string;
  /** False for what belongs to the suite as a whole, such as BeforeSuite. */
  readonly isSpec: boolean;
  readonly seconds: number;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it failed; empty unless it did. */
  readonly failure: string;
  /** It passed, at a later attempt. */
  readonly flaky: boolean;
}

/** What the junit files of the tests say. */
export interface Results {
  readonly specs: readonly Spec[];
  /** The files, absolute. */
  readonly files: readonly string[];
  /** One sentence for each file that could not be read. */
  readonly unreadable: readonly string[];
}

/** The junit files of a folder, each with what changes when it is written anew. */
export type JunitFolder = ReadonlyMap<string, string>;

/** The junit files that are in a folder now, without our own. A folder that is not there has none. */
export async function junitFolder(folder: string): Promise<JunitFolder> {
  const names = await readdir(folder).catch(() => []);
  const found = new Map<string, string>();
  for (const name of names.toSorted()) {
    if (!/^junit.*\.xml$/.test(name) || OURS.has(name)) continue;
    const path = join(folder, name);
    const { mtimeMs, size, ino } = await stat(path);
    found.set(path, `${mtimeMs} ${size} ${ino}`);
  }
  return found;
}

const OURS: ReadonlySet<string> = new Set(['junit_runner.xml', 'junit_version_skew.xml']);

/** The results in the junit files of a folder that are new, or other than they were `before` the tests. */
export async function readResults(folder: string, before: JunitFolder): Promise<Results> {
  const now = await junitFolder(folder);
  return readJunitFiles([...now.keys()].filter((path) => now.get(path) !== before.get(path)));
}

/** The results in some junit files. One that cannot be read is told in `unreadable`. */
export async function readJunitFiles(files: readonly string[]): Promise<Results> {
  const specs: Spec[] = [];
  const unreadable: string[] = [];
  for (const file of files) {
    try {
      const { suites } = await readJunit(await readFile(file, 'utf8'), file);
      for (const suite of suites) specs.push(...suite.cases.map((each) => readSpec(suite.name, each)));
    } catch (error) {
      unreadable.push(messageOf(error));
    }
  }
  return { specs, files, unreadable };
}

/** Ginkgo's names for nodes that are no spec, in version 2 and 1. */
const SUITE_NODE =
  /^(?:\[(?:BeforeSuite|AfterSuite|SynchronizedBeforeSuite|SynchronizedAfterSuite|ReportBeforeSuite|ReportAfterSuite|(?:DeferCleanup|CleanupAfterSuite)[^\]]*)\]|(?:Before|After)Suite$)/;

function readSpec(suite: string, { name, seconds, failure, skipped, flaky }: JunitCase): Spec {
  return {
    suite,
    name: name.replace(/^\[It\]\s*/, ''),
    isSpec: !SUITE_NODE.test(name),
    seconds,
    outcome: failure ? 'failed' : skipped === undefined ? 'passed' : 'skipped',
    failure: failure ? [failure.message, failure.text].filter((part) => part.trim() !== '').join('\n') : '',
    flaky,
  };
}
