import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { junitFolder, readJunitFiles, readResults } from '../../src/junit/results.ts';
import { describeResults, failedSentence, interruptedSentence } from '../../src/junit/summary.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'results-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

const write = (name: string, ...cases: string[]) =>
  writeFile(
    join(dir, name),
    `<testsuites><testsuite name="Kubernetes e2e suite">${cases.join('')}</testsuite></testsuites>`,
  );

const never = new AbortController().signal;

const passed = (name: string, seconds = 0.1) => `<testcase name="${name}" classname="e2e" time="${seconds}"/>`;
const skipped = (name: string) => `<testcase name="${name}"><skipped message="skipped"/></testcase>`;
const failed = (name: string, text: string, seconds = 0.1) =>
  `<testcase name="${name}" time="${seconds}"><failure message="" type="failed">${text}</failure></testcase>`;

async function read(...names: string[]) {
  return await readJunitFiles(
    names.map((name) => join(dir, name)),
    never,
  );
}

test('the results of a run are those of the junit files that it wrote, without our own', async () => {
  await write('junit_old.xml', passed('[It] old'));
  await write('junit_01.xml', passed('[It] rewritten'));
  const before = await junitFolder(dir);
  await write('junit_01.xml', passed('[It] one'), failed('[It] two', 'no'));
  await write('junit_02.xml', skipped('three'));
  await write('junit_runner.xml', passed('Up'));
  await write('junit_version_skew.xml', passed('kubectl'));
  await writeFile(join(dir, 'results.xml'), '<x/>');
  const results = await readResults(dir, before, never);
  expect(results.files).toEqual([join(dir, 'junit_01.xml'), join(dir, 'junit_02.xml')]);
  expect(results.totals).toEqual({ ran: 2, passed: 1, failed: 1, interrupted: 0, skipped: 1, flaky: 0 });
  expect(results.firstFailures.map(({ name }) => name)).toEqual(['two']);
});

test('a folder that is not there has no results', async () => {
  expect((await readResults(join(dir, 'none'), await junitFolder(join(dir, 'none')), never)).cases).toBe(0);
});

test('what belongs to the suite as a whole is no spec, but its failure is told', async () => {
  const nodes = ['[BeforeSuite]', '[SynchronizedAfterSuite]', '[ReportAfterSuite] junit report', 'BeforeSuite'];
  await write('a.xml', ...nodes.map((name) => passed(name)), failed('[DeferCleanup (Suite)]', 'left over'));
  const results = await read('a.xml');
  expect(results.totals).toMatchObject({ ran: 0, failed: 0 });
  expect(failedSentence(results)).toBe('the suite failed outside of its specs: [DeferCleanup (Suite)]: left over');
  expect(describeResults(results)).toContain('    left over');
});

test('a spec that several processes tell of counts once', async () => {
  await write('a.xml', passed('one'), skipped('two'), skipped('three'));
  await write('b.xml', skipped('one'), failed('two', 'no'), skipped('three'));
  expect((await read('a.xml', 'b.xml')).totals).toEqual({
    ran: 2,
    passed: 1,
    failed: 1,
    interrupted: 0,
    skipped: 1,
    flaky: 0,
  });
});

test('the summary has totals, the beginning of each failure, flakes and the slowest specs', async () => {
  const text = Array.from({ length: 9 }, (_, line) => `line ${line + 1}\n\n`).join('');
  await write('a.xml', passed('[It] quick'), passed('[It] slow', 61.25), failed('[It] bad', text, 2), skipped('no'));
  expect(describeResults(await read('a.xml'), ['unsteady'])).toBe(
    [
      '3 specs ran: 2 passed, 1 failed, 1 flaky, 1 skipped',
      'failed:',
      '  bad (2.0 s)',
      ...[1, 2, 3, 4, 5, 6].map((line) => `    line ${line}`),
      '    …',
      'flaky, passed at a later attempt:',
      '  unsteady',
      'slowest:',
      '    61.3 s  slow',
      '     2.0 s  bad',
    ].join('\n'),
  );
});

test('a thousand failures stay readable', async () => {
  await write('a.xml', ...Array.from({ length: 1000 }, (_, at) => failed(`spec ${at}`, 'no'.repeat(5000))));
  const results = await read('a.xml');
  expect(failedSentence(results)).toBe('1000 of 1000 specs failed: spec 0; spec 1; spec 2 and 997 more');
  const lines = describeResults(results).split('\n');
  expect(lines).toContain('  and 980 more');
  expect(lines.length).toBeLessThan(60);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(310);
});

test('a file that was cut off is told and does not hide the others', async () => {
  await write('a.xml', passed('one'));
  await writeFile(join(dir, 'b.xml'), '<testsuites><testsuite name="x"><testcase name="tw');
  const results = await read('a.xml', 'b.xml');
  expect(results.totals.ran).toBe(1);
  expect(describeResults(results)).toMatch(/b\.xml is not valid XML, perhaps cut off/);
});

test('a folder named like a junit file is told, not fatal', async () => {
  await mkdir(join(dir, 'junit_x.xml'));
  const results = await readResults(dir, new Map(), never);
  expect(results.unreadable).toHaveLength(1);
});

test('a pipe named like a junit file is told at once, and does not hide the others', async () => {
  execFileSync('mkfifo', [join(dir, 'junit_99.xml')]);
  await write('junit_01.xml', passed('one'));
  const results = await readResults(dir, new Map(), never);
  expect(results.totals.passed).toBe(1);
  expect(results.unreadable).toEqual([
    `cannot read ${join(dir, 'junit_99.xml')}: it is a named pipe, not a regular file`,
  ]);
});

test('a link to a report counts, one whose target is gone does not', async () => {
  await mkdir(join(dir, 'elsewhere'));
  await write('elsewhere/real.xml', failed('one', 'needle'));
  await symlink(join(dir, 'elsewhere', 'real.xml'), join(dir, 'junit_01.xml'));
  await symlink('/nowhere/junit.xml', join(dir, 'junit_02.xml'));
  const results = await readResults(dir, new Map(), never);
  expect(results.totals.failed).toBe(1);
  expect(results.unreadable).toEqual([]);
});

test('a file that breaks off counts up to there', async () => {
  await writeFile(join(dir, 'a.xml'), `<testsuite name="s">${failed('one', 'no')}${passed('two')}<testcase name="th`);
  const results = await read('a.xml');
  expect(failedSentence(results)).toBe('1 of 2 specs failed: one');
  expect(results.unreadable).toHaveLength(1);
});

test('a spec that passed and failed in one file flaked, and in two files failed', async () => {
  await write('a.xml', passed('one'), failed('one', 'no'), passed('two'));
  await write('b.xml', failed('two', 'no'));
  const results = await read('a.xml', 'b.xml');
  expect(results.flakes).toEqual(['one']);
  expect(results.totals).toEqual({ ran: 2, passed: 0, failed: 2, interrupted: 0, skipped: 0, flaky: 1 });
});

test('hundreds of thousands of cases are counted, each one', async () => {
  const names = Array.from({ length: 200_000 }, (_, at) => `<testcase name="spec ${at}"/>`);
  await write('a.xml', names.join(''), names.slice(0, 1000).join(''));
  const results = await read('a.xml');
  expect(results.totals.passed).toBe(200_000);
  expect(results.cases).toBe(201_000);
});

test('a signal ends the reading; the results of an interrupted run are read for a moment', async () => {
  await write('a.xml', passed('one'));
  const stop = new AbortController();
  const reading = readJunitFiles([join(dir, 'a.xml')], stop.signal);
  stop.abort(new Error('stopped'));
  await expect(reading).rejects.toThrow('stopped');
  expect((await readJunitFiles([join(dir, 'a.xml')], stop.signal)).totals.passed).toBe(1);
});

test('what is read takes no more memory the larger the files are', { timeout: 60_000 }, async () => {
  const log = 'I0101 a &lt;line&gt; of a log&#xA;'.repeat(250);
  const large = Array.from(
    { length: 3000 },
    (_, at) => `<testcase name="${at}"><failure message="${log}">${log}</failure></testcase>`,
  );
  await write('a.xml', ...large, ...Array.from({ length: 20_000 }, (_, at) => passed(`small ${at}`)));
  const reader = fileURLToPath(new URL('../helpers/programs/junit-reader.ts', import.meta.url));
  const heap = '--max-old-space-size=24';
  const { stdout } = await promisify(execFile)(process.execPath, [heap, reader, join(dir, 'a.xml')]);
  expect(JSON.parse(stdout)).toMatchObject({ ran: 23_000, failed: 3000 });
});

test('a spec that was interrupted neither passed nor failed, and does not lead', async () => {
  const cutOff = (name: string) =>
    `<testcase name="${name}"><error message="Interrupted by User" type="interrupted">x</error></testcase>`;
  await write(
    'a.xml',
    cutOff('[It] one'),
    failed('[AfterSuite]', 'no'),
    cutOff('[It] two'),
    failed('[It] three', 'no'),
  );
  const results = await read('a.xml');
  expect(results.totals).toEqual({ ran: 3, passed: 0, failed: 1, interrupted: 2, skipped: 0, flaky: 0 });
  expect(failedSentence(results)).toBe('1 of 3 specs failed: three; 2 specs interrupted');
  await write('b.xml', cutOff('[It] one'));
  expect(failedSentence(await read('b.xml'))).toBeUndefined();
  expect(interruptedSentence(await read('b.xml'))).toBe('1 of 1 spec interrupted: one');
});

test('a node of the suite that passed in one process and failed in another is not flaky', async () => {
  await write(
    'a.xml',
    passed('[SynchronizedBeforeSuite]'),
    failed('[SynchronizedBeforeSuite]', 'no'),
    passed('[It] a'),
  );
  const results = await read('a.xml');
  expect(results.flakes).toEqual([]);
  expect(results.totals.flaky).toBe(0);
});

test('the reason of a suite that failed outside of its specs is that of the process where it happened', async () => {
  const elsewhere = 'SynchronizedBeforeSuite failed on Ginkgo parallel process #1';
  await write(
    'a.xml',
    ...[`[FAILED] ${elsewhere}`, '[FAILED] no nodes'].map((text) => failed('[SynchronizedBeforeSuite]', text)),
  );
  expect(failedSentence(await read('a.xml'))).toBe(
    'the suite failed outside of its specs: [SynchronizedBeforeSuite]: no nodes',
  );
});

test('a failure is told once, and where it happened even if it is long', async () => {
  const text = `[FAILED] needle\n${'detail\n'.repeat(9)}In [It] at: /src/a_test.go:97 @ 11/28/26`;
  await write('a.xml', `<testcase name="a" time="1"><failure message="needle">${text}</failure></testcase>`);
  const described = describeResults(await read('a.xml'));
  expect(described.match(/needle/g)).toHaveLength(1);
  expect(described).toContain('    In [It] at: /src/a_test.go:97');
});
