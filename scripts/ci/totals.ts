// `node scripts/ci/totals.ts FILE…`: the sum of vitest's json reports as `N passed, N failed[, N skipped]`.
// Exit code 1 when a test failed, when a report is missing, or when no test ran.
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
}

let [passed, failed, skipped] = [0, 0, 0];
for (const file of process.argv.slice(2)) {
  const report = read(file);
  passed += report?.numPassedTests ?? 0;
  // A file that could not be loaded has no tests to fail: it counts as one.
  const broken = report?.testResults.filter((each) => each.status === 'failed' && each.assertionResults.length === 0);
  failed += report === undefined ? 1 : report.numFailedTests + (broken?.length ?? 0);
  skipped += (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  if (report !== undefined && report.testResults.length === 0) {
    console.error(`${file}: vitest ran no tests`);
    process.exitCode = 1;
  }
}
if (failed > 0 || passed === 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);

function read(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Report;
  } catch {
    console.error(`${file}: vitest left no report`);
    return undefined;
  }
}
