import { expect, test } from 'vitest';
import { PendingWrites } from '../../src/lifecycle/pending-writes.ts';
import { RunRecords } from '../../src/lifecycle/run-records.ts';
import { StepRecorder } from '../../src/lifecycle/step-recorder.ts';
import { runPaths } from '../../src/records/paths.ts';

const nothing = (): void => undefined;
const log = {
  info: nothing,
  warn: nothing,
  error: nothing,
  detail: nothing,
  progress: nothing,
  interactive: false,
};

/** A recorder whose wall clock is set by the test. */
function recorder(now: () => Date): StepRecorder {
  const paths = runPaths({ runId: 'r', rundir: '', rundirInArtifacts: false, artifacts: '', env: {}, cwd: '/' });
  return new StepRecorder(new RunRecords(paths, (text) => text, new PendingWrites(log)), log, now);
}

test.each([
  ['forward', 36_000_000],
  ['back', -36_000_000],
])('a clock that is set %s while a step runs does not change its duration', (_, jump) => {
  const start = Date.parse('2026-11-28T12:00:00Z');
  let now = start;
  const steps = recorder(() => new Date(now));
  const began = performance.now();
  steps.begin('Up', true);
  steps.begin('Test', true);
  now += jump;
  expect(steps.running()[0]).toMatch(/^step Up, running for \d{1,2}s$/);
  steps.pass('Up', true);
  steps.fail('Test', new Error('no'));
  const longest = (performance.now() - began) / 1000;
  expect(steps.ended.map(({ name, began: date }) => [name, date])).toEqual([
    ['Up', start],
    ['Test', start],
  ]);
  for (const { seconds } of steps.ended) {
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(longest);
  }
});
