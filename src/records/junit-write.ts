import { bounded } from './bounded.ts';
import type { RunnerCase } from './junit-case.ts';

/** TestGrid asks for files of about a megabyte. */
const ALL_OUTPUT = 1_000_000;

export interface RunnerSuite {
  readonly runId: string;
  /** When the run's first call began, RFC 3339. */
  readonly timestamp: string;
  readonly cases: readonly RunnerCase[];
}

/** The name of the suite, and the class name of its cases. */
export const SUITE = 'kubetest2';
/** The property that tells which run a file is of. */
export const RUN_ID = 'run-id';

/** Makes the text of `junit_runner.xml`, for Spyglass, TestGrid and strict readers alike, of texts that are clean already. */
export type RunnerXml = (suite: RunnerSuite) => string;

/** Loads what makes the text. */
export async function openRunnerXml(): Promise<RunnerXml> {
  // The builder that fast-xml-parser carries, without the parser: every run writes, few read, and start-up counts.
  const { default: XMLBuilder } = await import('fast-xml-builder');
  const builder = new XMLBuilder({
    attributeNamePrefix: '@',
    ignoreAttributes: false,
    suppressBooleanAttributes: false,
    suppressEmptyNode: true,
    format: true,
  });
  return (suite) => builder.build(documentOf(suite));
}

function documentOf({ runId, timestamp, cases }: RunnerSuite): object {
  const share = Math.floor(ALL_OUTPUT / Math.max(4, cases.filter(({ output }) => output).length));
  const counts = {
    '@tests': cases.length,
    '@failures': cases.filter(({ failure }) => failure).length,
    '@errors': 0,
    '@skipped': cases.filter(({ skipped }) => skipped !== undefined).length,
    '@time': rounded(cases.reduce((sum, { seconds }) => sum + seconds, 0)),
  };
  return {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': SUITE,
      ...counts,
      testsuite: {
        '@name': SUITE,
        ...counts,
        '@timestamp': timestamp,
        properties: { property: { '@name': RUN_ID, '@value': runId } },
        testcase: cases.map((each) => caseNode(each, share)),
      },
    },
  };
}

function caseNode({ name, seconds, failure, skipped, output }: RunnerCase, share: number): object {
  return {
    '@name': name,
    '@classname': SUITE,
    '@time': rounded(seconds),
    ...(failure && { failure: { '@message': failure.message, '@type': 'Failure', '#text': failure.text } }),
    // Older readers take the reason from the text, newer ones from the attribute.
    ...(skipped !== undefined && { skipped: { '@message': skipped, '#text': skipped } }),
    ...(output && { 'system-out': bounded(output, share) }),
  };
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
