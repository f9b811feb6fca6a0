import { truncate } from '../text/truncate.ts';
import { type Xml, xmlDocument } from '../text/xml.ts';
import type { RunnerCase } from './case.ts';

/** TestGrid accepts files of about a megabyte. */
const MAX_OUTPUT = 1_000_000;

export interface RunnerSuite {
  readonly runId: string;
  /** When the run's first call began, RFC 3339. */
  readonly timestamp: string;
  readonly cases: readonly RunnerCase[];
}

/** The name of the suite, and the class name of its cases. */
export const SUITE = 'kubetest2';
/** The property with the ID of the run. */
export const RUN_ID = 'run-id';

/** The text of `junit_runner.xml`, valid for Spyglass, TestGrid and strict readers. The texts must be cleaned already. */
export function runnerXml({ runId, timestamp, cases }: RunnerSuite): string {
  const share = Math.floor(MAX_OUTPUT / Math.max(4, cases.filter(({ output }) => output).length));
  const counts = {
    name: SUITE,
    tests: cases.length,
    failures: cases.filter(({ failure }) => failure).length,
    errors: 0,
    skipped: cases.filter(({ skipped }) => skipped !== undefined).length,
    time: rounded(cases.reduce((sum, { seconds }) => sum + seconds, 0)),
  };
  const properties: Xml = ['properties', {}, ['property', { name: RUN_ID, value: runId }]];
  const suite: Xml = [
    'testsuite',
    { ...counts, timestamp },
    properties,
    ...cases.map((each) => caseElement(each, share)),
  ];
  return xmlDocument(['testsuites', counts, suite]);
}

function caseElement({ name, seconds, failure, skipped, output }: RunnerCase, share: number): Xml {
  const inside: Xml[] = [];
  if (failure) inside.push(['failure', { message: failure.message, type: 'Failure' }, failure.text]);
  // Older readers show the text, newer ones the attribute.
  if (skipped !== undefined) inside.push(['skipped', { message: skipped }, skipped]);
  if (output) inside.push(['system-out', {}, truncate(output, share)]);
  return ['testcase', { name, classname: SUITE, time: rounded(seconds) }, ...inside];
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;
