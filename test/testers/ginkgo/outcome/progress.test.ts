import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeProgress, ProgressReader } from '../../../../testers/ginkgo/outcome/progress.ts';

const GREEN = '\u001B[38;5;10m';
const RESET = '\u001B[0m';
const dot = `${GREEN}•${RESET}`;
const ruler = '------------------------------';

/** Recorded output of Ginkgo 2 in parallel, not verbose, with colours. */
const PARALLEL = `Running Suite: Small - /run
===========================
Random Seed: \u001B[1m1795432719${RESET}

Will run \u001B[1m9${RESET} of \u001B[1m12${RESET} specs
Running in parallel across \u001B[1m2${RESET} processes
${dot}${dot}
\u001B[38;5;243m${ruler}${RESET}
\u001B[38;5;13m• [PANICKED] [0.001 seconds]${RESET}
[sig-small] Specs [It] panic

  • [FAILED] inside of what a spec printed
\u001B[38;5;243m${ruler}${RESET}
\u001B[38;5;9m• [FAILED] [0.002 seconds]${RESET}
[sig-small] Specs [It] fail
${ruler}
${GREEN}↺ [FLAKEY TEST - TOOK 2 ATTEMPTS TO PASS] [0.002 seconds]${RESET}
[sig-small] Specs pass the second time
/suite_test.go:71
${ruler}
${dot}SSSI1123 a log line right behind the dots
P [PENDING]
${dot}${dot}

Summarizing 2 Failures:
  [FAIL] [sig-small] Specs [It] fail

Ran 8 of 12 Specs in 1.598 seconds
FAIL! -- 6 Passed | 2 Failed | 1 Flaked | 1 Pending | 3 Skipped
`;

/** Ginkgo 2 in one process with -v. */
const VERBOSE = `Will run 4 of 5 specs
${ruler}
[sig-small] Specs pass
/suite_test.go:64
• [0.000 seconds]
${ruler}
[sig-small] Specs flake
  [FAILED] in [It] - /suite_test.go:67
  Attempt #1 Failed.  Retrying ↺ @ 11/23/26
↺ [FLAKEY TEST - TOOK 2 ATTEMPTS TO PASS] [0.002 seconds]
${ruler}
[sig-small] Specs hang
• [TIMEDOUT] [1.000 seconds]
[sig-small] Specs [It] hang
${ruler}
[sig-small] Specs skip themselves
S [SKIPPED] [0.000 seconds]
Ran 3 of 5 Specs in 1.5 seconds
`;

const GINKGO_1 = `Will run 4 of 9 specs

•SS
${ruler}
• Failure [0.001 seconds]
[sig] Specs [It] fail
${ruler}
•! Panic [0.001 seconds]
${ruler}
• [SLOW TEST:5.001 seconds]
[sig] Specs slow

Ran 4 of 9 Specs in 5.1 seconds
`;

const samples: [string, string, object][] = [
  [
    'parallel output',
    PARALLEL,
    { total: 9, done: 8, failed: 2, ran: 8, flaky: ['[sig-small] Specs pass the second time'] },
  ],
  ['verbose output', VERBOSE, { total: 4, done: 4, failed: 1, ran: 3, flaky: ['[sig-small] Specs flake'] }],
  ['output of Ginkgo 1', GINKGO_1, { total: 4, done: 4, failed: 2, ran: 4, flaky: [] }],
  ['output of anything else', 'hello\n• world\n\u0000\u001B[31', { total: undefined, done: 1, failed: 0, flaky: [] }],
];

describe.each(samples)('%s', (_title, text, expected) => {
  test('is counted', () => {
    const reader = new ProgressReader();
    reader.onOutput(Buffer.from(text));
    expect(reader.progress).toMatchObject(expected);
  });

  test('is counted the same in chunks of any size', () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
        const reader = new ProgressReader();
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          reader.onOutput(bytes.subarray(at, at + size));
          at += size;
        }
        expect(reader.progress).toMatchObject(expected);
      }),
    );
  });
});

test('counts an unfinished row of dots, except its last one, whose details may follow', () => {
  const reader = new ProgressReader();
  reader.onOutput(Buffer.from('Will run 20 of 20 specs\n•••S•'));
  expect(reader.progress).toMatchObject({ total: 20, done: 3 });
  reader.onOutput(Buffer.from('•'));
  expect(reader.progress.done).toBe(4);
  reader.onOutput(Buffer.from(' [FAILED] [1 seconds]\n'));
  expect(reader.progress).toMatchObject({ done: 5, failed: 1 });
});

test('is not slowed down by a line of megabytes', () => {
  const reader = new ProgressReader();
  const piece = Buffer.from('x'.repeat(65_536));
  const started = performance.now();
  for (let turn = 0; turn < 200; turn += 1) reader.onOutput(piece);
  reader.onOutput(Buffer.from('\n•\n'));
  expect(reader.progress.done).toBe(1);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('progress is one short line', () => {
  const progress = { total: 340, done: 12, failed: 1, flaky: [], ran: undefined };
  expect(describeProgress(progress, 150_400)).toBe('12/340 specs done, 1 failed, 2m30s');
  expect(describeProgress({ ...progress, total: undefined }, 0)).toBe('12 specs done, 1 failed, 0s');
});
