import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandError, RunError, StepError, TestsFailedError } from '../../src/api/errors.ts';
import { readJunit } from '../../src/junit/read.ts';
import type { JunitCase } from '../../src/junit/suite.ts';
import { secretMask } from '../../src/logging/secrets.ts';
import { JunitRunner } from '../../src/records/runner-junit.ts';
import { xmlText } from '../../src/text/truncate.ts';
import { ALLOWED, anyText } from '../helpers/arbitrary-text.ts';
import { tempDirectory, tempMount } from '../helpers/records-directory.ts';

const now = () => new Date('2026-11-23T10:35:56.789Z');
const mask = secretMask({ GITHUB_TOKEN: 'open-sesame' });

/** Opens the runner's file in a directory; each change is written, as a run does. */
async function open(folder: string, more: object = {}): Promise<JunitRunner> {
  const file = join(folder, 'junit_runner.xml');
  const junit = await JunitRunner.open(file, { runId: 'run-1', now, mask, ...more });
  return new Proxy(junit, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function' || name === 'write') return method;
      return (...args: unknown[]) => {
        Reflect.apply(method, target, args);
        target.write();
      };
    },
  });
}

const text = (folder: string) => readFileSync(join(folder, 'junit_runner.xml'), 'utf8');

async function read(folder: string): Promise<readonly JunitCase[]> {
  const { suites } = await readJunit(text(folder), 'junit_runner.xml');
  expect(suites).toHaveLength(1);
  return suites[0]?.cases ?? [];
}

const summary = async (folder: string) =>
  (await read(folder)).map(({ name, failure, skipped }) =>
    failure ? `${name}: ${failure.message}` : skipped === undefined ? name : `${name} skipped: ${skipped}`,
  );

describe('junit_runner.xml', () => {
  test('is what Spyglass, TestGrid and strict readers take', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.begin('Up');
    junit.pass('Up', 61.23456, 'the cluster is up\n');
    junit.begin('Test');
    const ginkgo = new CommandError('ginkgo exited with 1', {
      command: 'ginkgo',
      exitCode: 1,
      output: 'a < b\nFAIL\n',
    });
    junit.fail('Test', 2, new StepError('Test', new RunError('2 of 10 specs failed', { cause: ginkgo })));
    junit.skip('Down', '--down=never');
    expect(text(folder)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="kubetest2" tests="3" failures="1" errors="0" skipped="1" time="63.235">
  <testsuite name="kubetest2" tests="3" failures="1" errors="0" skipped="1" time="63.235" timestamp="2026-11-23T10:35:56.789Z">
    <properties>
      <property name="run-id" value="run-1"/>
    </properties>
    <testcase name="Up" classname="kubetest2" time="61.235">
      <system-out>the cluster is up
</system-out>
    </testcase>
    <testcase name="Test" classname="kubetest2" time="2">
      <failure message="Test failed: 2 of 10 specs failed caused by: ginkgo exited with 1" type="Failure">Test failed: 2 of 10 specs failed
caused by: ginkgo exited with 1

a &lt; b
FAIL</failure>
      <system-out>a &lt; b
FAIL
</system-out>
    </testcase>
    <testcase name="Down" classname="kubetest2" time="0">
      <skipped message="--down=never">--down=never</skipped>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  test('reads as not finished while a step runs, and after the run was killed in it', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.begin('Up');
    expect(await summary(folder)).toEqual(['Up: not finished']);
    expect((await read(folder))[0]?.failure?.text).toContain('it was killed during this step');
  });

  test('grows over the calls of one run', async () => {
    const folder = tempDirectory();
    for (const step of ['Up', 'Test', 'Down']) {
      const junit = await open(folder);
      junit.begin(step);
      junit.pass(step, 1, `output of ${step}`);
    }
    expect(await summary(folder)).toEqual(['Up', 'Test', 'Down']);
    expect((await read(folder)).map(({ systemOut }) => systemOut)).toEqual([
      'output of Up',
      'output of Test',
      'output of Down',
    ]);
  });

  test('keeps every word of an earlier call as it was', async () => {
    const folder = tempDirectory();
    const first = await open(folder);
    await first.fail('Up', 1.5, new RunError('no\n  quota "left" & <gone>'), '  lead\n\n\ttail  \n\n');
    await first.skip('Test', 'Up failed');
    const before = text(folder);
    const second = await open(folder, { now: () => new Date() });
    await second.begin('Down');
    await second.drop('Down');
    expect(text(folder)).toBe(before);
  });

  test('begins anew over the file of another run', async () => {
    const folder = tempDirectory();
    const first = await open(folder);
    await first.pass('Up', 1);
    const second = await open(folder, { runId: 'run-2' });
    await second.pass('Build', 1);
    expect(await summary(folder)).toEqual(['Build']);
    expect(readdirSync(folder)).toEqual(['junit_runner.xml']);
  });

  test('moves a file aside that it cannot read, says so, and loses none', async () => {
    const folder = tempDirectory();
    const warnings: string[] = [];
    const log = { warn: (message: string) => void warnings.push(message) };
    for (const broken of ['<testsuites><testsuite name="x">', 'not xml at all']) {
      writeFileSync(join(folder, 'junit_runner.xml'), broken);
      const junit = await open(folder, { log });
      junit.pass('Up', 1);
      expect(await summary(folder)).toEqual(['Up']);
    }
    expect(readFileSync(join(folder, 'junit_runner.xml.unreadable'), 'utf8')).toContain('<testsuites>');
    expect(readFileSync(join(folder, 'junit_runner.xml.unreadable.2'), 'utf8')).toBe('not xml at all');
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toContain('junit_runner.xml.unreadable.2');
  });

  test('is begun over an empty file, which a killed original leaves', async () => {
    const folder = tempDirectory();
    writeFileSync(join(folder, 'junit_runner.xml'), '');
    await (await open(folder)).pass('Up', 1);
    expect(readdirSync(folder)).toEqual(['junit_runner.xml']);
  });

  test('gives a second case of a name a number, since a pass and a failure of one name read as a flake', async () => {
    const folder = tempDirectory();
    await (await open(folder)).fail('Test', 1, new RunError('3 specs failed'));
    const junit = await open(folder);
    for (const seconds of [2, 3]) {
      junit.begin('Test');
      junit.pass('Test', seconds);
    }
    junit.add({ name: 'Test', seconds: 4 });
    expect(await summary(folder)).toEqual(['Test: 3 specs failed', 'Test (2)', 'Test (3)', 'Test (4)']);
  });

  test('replaces what a killed call left unfinished, and what an earlier one skipped', async () => {
    const folder = tempDirectory();
    const first = await open(folder);
    await first.pass('Test', 1);
    await first.skip('Down', 'not asked for');
    await first.begin('Test');
    const second = await open(folder);
    await second.begin('Test');
    expect(await summary(folder)).toEqual(['Test', 'Down skipped: not asked for', 'Test (2): not finished']);
    await second.pass('Test', 1);
    await second.begin('Down');
    await second.pass('Down', 1);
    expect(await summary(folder)).toEqual(['Test', 'Down', 'Test (2)']);
  });

  test('does not take a running step for one that was left unfinished', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.begin('Test');
    junit.add({ name: 'Test', seconds: 1 });
    junit.pass('Test', 2);
    expect((await read(folder)).map(({ name, seconds }) => [name, seconds])).toEqual([
      ['Test', 2],
      ['Test (2)', 1],
    ]);
  });

  test('drops a step that is worth a row only when it fails', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.pass('Up', 1);
    junit.begin('Finish');
    junit.drop('Finish');
    junit.drop('Finish');
    junit.drop('Up');
    expect(await summary(folder)).toEqual(['Up']);
  });

  test('takes cases of deployers and testers', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.add({ name: 'Up attempt 1', seconds: 3, failure: 'no capacity in zone a', output: 'full output' });
    junit.add({ name: 'Leaks', seconds: 0, skipped: 'not checked' });
    junit.add({ name: 'Nodes', seconds: 1, output: 'all of them' });
    expect(await summary(folder)).toEqual([
      'Up attempt 1: no capacity in zone a',
      'Leaks skipped: not checked',
      'Nodes',
    ]);
    expect((await read(folder))[0]?.failure?.text).toBe('no capacity in zone a\n\nfull output');
  });

  test('holds every step, in the order of the calls', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    for (let n = 0; n < 50; n += 1) junit.pass(`Step ${n}`, n);
    expect(await summary(folder)).toEqual(Array.from({ length: 50 }, (_, n) => `Step ${n}`));
  });

  test('names the file when it cannot be written, and holds everything once it can', async () => {
    const folder = join(tempDirectory(), 'artifacts');
    mkdirSync(folder);
    const junit = await open(folder);
    rmSync(folder, { recursive: true });
    expect(() => junit.pass('Up', 1)).toThrow(`cannot write ${folder}/junit_runner.xml: no such file`);
    mkdirSync(folder);
    junit.pass('Test', 1);
    expect(await summary(folder)).toEqual(['Up', 'Test']);
  });

  test('keeps the last good file when the disk is full', async ({ skip }) => {
    const folder = tempMount('size=64k');
    if (folder === undefined) return skip('mounting a file system in memory is refused');
    const junit = await open(folder);
    junit.pass('Up', 1);
    expect(() => junit.pass('Test', 1, 'x'.repeat(200_000))).toThrow('no space left on device');
    expect(await summary(folder)).toEqual(['Up']);
  });

  test('hides secrets, in names, failures, reasons and output', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    junit.add({ name: 'with open-sesame', seconds: 1, output: 'a open-sesame b' });
    junit.skip('Down', 'open-sesame');
    const cause = new CommandError('git failed: https://u:pw@host/', { command: 'git', output: 'x open-sesame y' });
    junit.fail('Test', 1, new Error('open-sesame', { cause }), 'say open-\u001B[1msesame');
    expect(text(folder)).not.toMatch(/sesame|pw@/);
  });
});

describe('the failure of a case', () => {
  async function failure(error: unknown, output?: string) {
    const folder = tempDirectory();
    await (await open(folder)).fail('Test', 1, error, output);
    const [found] = await read(folder);
    return { message: found?.failure?.message ?? '', text: found?.failure?.text ?? '', output: found?.systemOut ?? '' };
  }
  const command = (output: string) => new CommandError('make exited with 2', { command: 'make', exitCode: 2, output });

  test.each<[string, unknown, string]>([
    ['an error', new Error('it broke'), 'it broke'],
    ['a string', 'it broke', 'it broke'],
    ['nothing', undefined, 'undefined'],
    ['an error without a message', new Error(''), 'unknown failure'],
    ['a cause the sentence already quotes', new StepError('Up', new Error('no quota')), 'Up failed: no quota'],
    ['a cause it does not', new Error('a', { cause: new Error('b') }), 'a\ncaused by: b'],
    [
      'two errors',
      new AggregateError([new Error('a'), new Error('b', { cause: new Error('c') })]),
      'a; also: b\ncaused by: c',
    ],
  ])('tells %s', async (_what, error, told) => {
    expect((await failure(error)).text).toBe(told);
  });

  test('ends with the last lines of the failed command, found however deep', async () => {
    const deep = new AggregateError([
      new StepError('Up', new Error('no cluster', { cause: command('one\ntwo\n') })),
      new Error('x'),
    ]);
    const told = await failure(deep, 'what the step printed\none\ntwo\n');
    expect(told.text).toMatch(/^Up failed: no cluster; also: x\n[\s\S]*\n\none\ntwo$/);
    expect(told.output).toBe('what the step printed\none\ntwo\n');
  });

  test("ends with the tester's own words, and system-out holds both", async () => {
    const told = await failure(new TestsFailedError('2 specs failed', '[Fail] a\n[Fail] b'), 'log of the tests');
    expect(told.text).toBe('2 specs failed\n\n[Fail] a\n[Fail] b');
    expect(told.output).toBe('[Fail] a\n[Fail] b\n\nlog of the tests');
  });

  test("ends with the step's output when no error has any", async () => {
    expect((await failure(new Error('it broke'), 'one\ntwo')).text).toBe('it broke\n\none\ntwo');
  });

  test('has at most 10 KB, beginning with the sentence and ending with the last line', async () => {
    const lines = Array.from({ length: 5000 }, (_, n) => `line ${n} é`).join('\n');
    const told = await failure(new Error('a very long story '.repeat(2000), { cause: command(lines) }));
    expect(Buffer.byteLength(told.text)).toBeLessThanOrEqual(10_000);
    expect(Buffer.byteLength(told.text)).toBeGreaterThan(9900);
    expect(told.text).toMatch(/^a very long story/);
    expect(told.text).toMatch(/\nline 4999 é$/);
    expect(told.message.length).toBeLessThanOrEqual(1000);
    expect(told.output).toBe(lines);
  });
});

describe('the output of a case', () => {
  test('keeps beginning and end, says how much was cut, and a megabyte in all', async () => {
    const folder = tempDirectory();
    const junit = await open(folder);
    for (let n = 0; n < 6; n++) {
      junit.pass(`Step ${n}`, 1, `first line\n${'middle <é>\n'.repeat(20_000)}last line`);
    }
    const cases = await read(folder);
    for (const { systemOut } of cases) {
      expect(systemOut).toMatch(/^first line\n[\s\S]*\n… \d+ bytes cut …\n[\s\S]*\nlast line$/);
    }
    const total = cases.reduce((sum, { systemOut }) => sum + Buffer.byteLength(systemOut), 0);
    expect(total).toBeLessThanOrEqual(1_000_000);
    expect(total).toBeGreaterThan(900_000);
  });
});

test('whatever is said, the file is well-formed and says it with the characters XML allows', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, anyText, anyText, anyText, async (name, output, failure, skipped) => {
      const folder = tempDirectory();
      const plain = { mask: (each: string) => each };
      const junit = await open(folder, plain);
      junit.add({ name: `a ${name}`, seconds: 1, output: `>${output}<` });
      junit.add({ name: 'failed', seconds: 1, failure: `>${failure}<` });
      junit.add({ name: 'skipped', seconds: 0, skipped: `>${skipped}<` });
      expect(text(folder)).toMatch(ALLOWED);
      const [first, second, third] = await read(folder);
      expect(first?.systemOut).toBe(xmlText(`>${output}<`));
      expect(second?.failure?.text).toBe(xmlText(`>${failure}<`));
      expect(third?.skipped).toBe(xmlText(`>${skipped}<`).replace(/\s+/g, ' '));
      expect(first?.name).toBe(xmlText(`a ${name}`).replace(/\s+/g, ' ').trim());
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 60 },
  );
});
