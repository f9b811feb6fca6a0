import { expect, test } from 'vitest';
import { phaseOfRows } from '../../../src/stability/history/phase.ts';

const rows = (text: string) =>
  text.split(', ').map((row) => ({ name: row.replace(/^!/, ''), failed: row.startsWith('!') }));

test.each([
  ['Build, !Up', 'setup'],
  ['Up, !PreTestCmd', 'setup'],
  ['!Own check, Test', 'setup'],
  ['Up, !Test, Down', 'test'],
  ['Up, Test, !PostTestCmd', 'test'],
  ['Up, Test, !Own check, Down', 'test'],
  ['Up, Test, !Down', 'teardown'],
  ['Up, Test, Down, !LeakCheck', 'teardown'],
  ['Up, !Test, !Down', 'test'],
  ['Up, !Test (2)', 'test'],
  ['!Up (attempt 2)', 'setup'],
  ['Up, Test, !Timeout', 'test'],
  ['Up, !Interrupted', 'setup'],
  ['!Timeout', undefined],
  ['Up, Test, Down', undefined],
  ['Run mesh, !Test one', 'test'],
  ['Up, !Run mesh, Test one', 'setup'],
  ['Up, Test one, !Run upgrade, Test two', 'test'],
])('kubetest2: %s failed in %s', (text, phase) => {
  expect(phaseOfRows('kubetest2', rows(text))).toBe(phase);
});

test.each([
  ['!Extract', 'setup'],
  ['!TearDown Previous, Up', 'setup'],
  ['Up, !listResources Up', 'setup'],
  ['Up, !kubectl version', 'setup'],
  ['Up, !Test, TearDown', 'test'],
  ['Up, !UpgradeTest', 'test'],
  ['Up, !my own test command', 'test'],
  ['Up, Test, !DumpClusterLogs', 'teardown'],
  ['Up, Test, !Deferred TearDown', 'teardown'],
  ['Up, Test, !diffResources', 'teardown'],
  ['Up, Test, !Timeout', undefined],
])('kubetest: %s failed in %s', (text, phase) => {
  expect(phaseOfRows('e2e.go', rows(text))).toBe(phase);
});
