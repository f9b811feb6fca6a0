import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'totals-'));
afterAll(() => rmSync(folder, { recursive: true }));

const suite = (passed: number, failed: number, more: object = {}) => ({
  numPassedTests: passed,
  numFailedTests: failed,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ name: 'a.test.ts', status: failed > 0 ? 'failed' : 'passed', assertionResults: [{}] }],
  ...more,
});

function totals(...reports: (object | undefined)[]) {
  const files = reports.map((report, index) => {
    const file = join(folder, `${index}.json`);
    rmSync(file, { force: true });
    if (report) writeFileSync(file, JSON.stringify(report));
    return file;
  });
  const { stdout, status } = spawnSync(process.execPath, ['scripts/ci/totals.ts', ...files], { encoding: 'utf8' });
  return [stdout.trim(), status];
}

describe('the totals of a CI run', () => {
  test.each([
    ['are the sums over all suites', [suite(3, 0), suite(4, 0)], '7 passed, 0 failed', 0],
    [
      'say how many were skipped',
      [suite(3, 0, { numPendingTests: 2, numTodoTests: 1 })],
      '3 passed, 0 failed, 3 skipped',
      0,
    ],
    ['fail with any test', [suite(3, 1), suite(4, 0)], '7 passed, 1 failed', 1],
    ['fail when a suite left no report', [suite(3, 0), undefined], '3 passed, 1 failed', 1],
    ['fail when a suite ran no tests', [suite(3, 0), suite(0, 0, { testResults: [] })], '3 passed, 0 failed', 1],
    [
      'count a file that could not be loaded as a failure',
      [suite(3, 0, { testResults: [{ name: 'b', status: 'failed', assertionResults: [] }] })],
      '3 passed, 1 failed',
      1,
    ],
  ])('%s', (_, reports, line, status) => {
    expect(totals(...reports)).toEqual([line, status]);
  });
});
