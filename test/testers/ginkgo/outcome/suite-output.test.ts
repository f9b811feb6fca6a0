import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SuiteOutputReader } from '../../../../testers/ginkgo/outcome/suite-output.ts';

function findings(output: string, chunk = 7) {
  const reader = new SuiteOutputReader();
  const bytes = Buffer.from(output);
  for (let at = 0; at < bytes.length; at += chunk) reader.onOutput(bytes.subarray(at, at + chunk));
  return reader.findings();
}

const red = (text: string) => `\x1b[38;5;9m${text}\x1b[0m`;
const LOST = 'Ginkgo timed out waiting for all parallel procs to report back';

/** Shortened output of Ginkgo 2.34, with the reason that it has to give. */
test.each([
  [
    'an unknown flag of the suite',
    'flag provided but not defined: -nosuch\n--ginkgo.seed [int]\n  The seed used.\n\nGinkgo ran 1 suite in 8ms\n\nTest Suite Failed\n',
    ['flag provided but not defined: -nosuch'],
  ],
  [
    'an unknown flag of ginkgo',
    `${red('ginkgo run')} failed\n  flag provided but not defined: -nosuch\n\nginkgo run <FLAGS>\n`,
    ['flag provided but not defined: -nosuch'],
  ],
  [
    'a wrong value of a flag',
    'invalid value "x" for flag -ginkgo.flake-attempts: parse error\n--ginkgo.seed\n',
    ['invalid value "x" for flag -ginkgo.flake-attempts: parse error'],
  ],
  [
    'a wrong label filter',
    `${red('Ginkgo detected configuration issues:')}\n${red('Syntax Error Parsing Label Filter')}\n  a&&\n  Unexpected EOF.\n\n  Learn more at: x\n`,
    ['Syntax Error Parsing Label Filter: a&& Unexpected EOF.'],
  ],
  [
    'a wrong regular expression, in parallel',
    `${LOST}\nOutput from proc 1:\n  panic: regexp: Compile(\`(x\`): error parsing regexp: missing closing ): \`(x\` [recovered, repanicked]\n\n  goroutine 24 [running]:\n`,
    [
      'panic: regexp: Compile(`(x`): error parsing regexp: missing closing ): `(x`',
      'a parallel process of Ginkgo disappeared',
    ],
  ],
  [
    'a panic behind dots',
    '•••panic: needle in a goroutine\n\ngoroutine 28 [running]:\n',
    ['panic: needle in a goroutine'],
  ],
  [
    'the timeout of go test',
    '••panic: test timed out after 1s\n\trunning tests:\n',
    ['panic: test timed out after 1s'],
  ],
  [
    'pending specs',
    'FAIL! - Detected pending specs and --fail-on-pending is set -- 12 Passed | 0 Failed | 1 Pending | 0 Skipped\n',
    ['Detected pending specs and --fail-on-pending is set'],
  ],
  [
    'a failed BeforeSuite',
    '  [FAILED] needle: no nodes\n  [FAILED] SynchronizedBeforeSuite failed on Ginkgo parallel process #1\nFAIL! -- A BeforeSuite node failed so all tests were skipped.\n',
    ['A BeforeSuite node failed so all tests were skipped: needle: no nodes'],
  ],
  [
    'a process that disappeared',
    `${LOST}\nExit result of proc 1:\n  exit status 1\n\nExit result of proc 2:\n  exit status 3\n\nExit result of proc 3:\n  signal: killed\n`,
    ['a parallel process of Ginkgo disappeared (process 2: exit status 3, process 3: signal: killed)'],
  ],
  [
    'programmatic focus',
    'SUCCESS! -- 1 Passed | 0 Failed\nPASS | FOCUSED\nDetected Programmatic Focus - setting exit status to 197\n',
    [expect.stringContaining('programmatic focus')],
  ],
  ['specs alone', 'FAIL! -- 11 Passed | 1 Failed | 0 Pending | 0 Skipped\n--- FAIL: TestE2E (0.66s)\n', []],
])('finds the reason: %s', (_title, output, reasons) => {
  expect(findings(output).reasons).toEqual(reasons);
});

test('names the specs that failed once each, from the lines below the dots and from the summary', () => {
  const output = [
    '••',
    red('• [FAILED] [0.1 seconds]'),
    '[sig-x] things [It] should do two [Conformance]',
    '/suite_test.go:72',
    '',
    '• [PANICKED] [0.1 seconds]',
    '[sig-x] things [It] should do three',
    '• [INTERRUPTED] [0.1 seconds]',
    '[sig-x] things [It] should do four',
    'Summarizing 3 Failures:',
    `  ${red('[FAIL]')} [sig-x] things [It] should do two [Conformance]`,
    '  [FAIL] [SynchronizedBeforeSuite] ',
    '  [INTERRUPTED] [sig-x] things [It] should do four',
    '  [TIMEDOUT] [sig-x] things [It] should do five',
  ].join('\n');
  expect(findings(output).failed).toEqual([
    '[sig-x] things should do two [Conformance]',
    '[sig-x] things should do three',
    '[sig-x] things should do five',
  ]);
});

test('what it finds does not depend on where the output is cut into chunks', () => {
  const output = `••\n• [FAILED] [1 s]\nä [It] b\n${LOST}\nExit result of proc 2:\n  exit status 3\n`;
  fc.assert(
    fc.property(fc.integer({ min: 1, max: output.length }), (chunk) => {
      expect(findings(output, chunk)).toEqual(findings(output, output.length * 2));
    }),
  );
});
