import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunError } from '../../src/api/errors.ts';
import { readJunit } from '../../src/junit/read.ts';
import { anyText } from '../helpers/arbitrary-text.ts';

const read = async (text: string) => (await readJunit(text, '/a/junit_01.xml')).suites;
const firstCase = async (text: string) => (await read(`<testsuite name="s">${text}</testsuite>`))[0]?.cases[0];

describe('a junit file', () => {
  test('of ginkgo is read: suites, properties, states, failures, output', async () => {
    const [suite] = await read(`<?xml version="1.0" encoding="UTF-8"?>
  <testsuites tests="3" disabled="1" errors="0" failures="1" time="12.5">
      <testsuite name="Kubernetes e2e suite" package="/src" tests="3" disabled="1" skipped="1" errors="0" failures="1" time="12.5" timestamp="2026-11-23T10:00:00">
          <properties>
              <property name="SuiteSucceeded" value="false"></property>
              <property name="SpecialSuiteFailureReason" value=""></property>
          </properties>
          <testcase name="[It] [sig-node] Pods a &#34;b&#34;&#xA;&lt;c&gt;" classname="Kubernetes e2e suite" status="passed" time="3.25"></testcase>
          <testcase name="[It] d" classname="Kubernetes e2e suite" status="failed" time="2">
              <failure message="expected &#39;x&#39;" type="failed">[FAILED] expected&#xA;line &amp;amp; more</failure>
              <system-err>&gt; Enter [It] d</system-err>
          </testcase>
          <testcase name="[It] e" classname="Kubernetes e2e suite" status="skipped" time="0">
              <skipped message="skipped - needs GPUs"></skipped>
          </testcase>
      </testsuite>
  </testsuites>`);
    expect(suite).toMatchObject({
      name: 'Kubernetes e2e suite',
      seconds: 12.5,
      timestamp: '2026-11-23T10:00:00',
      properties: { SuiteSucceeded: 'false', SpecialSuiteFailureReason: '' },
    });
    const [passed, failed, skipped] = suite?.cases ?? [];
    expect(passed).toEqual({
      name: '[It] [sig-node] Pods a "b"\n<c>',
      classname: 'Kubernetes e2e suite',
      seconds: 3.25,
      status: 'passed',
      failure: undefined,
      skipped: undefined,
      flaky: false,
      systemOut: '',
      systemErr: '',
      properties: {},
    });
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { message: "expected 'x'", type: 'failed', text: '[FAILED] expected\nline &amp; more' },
      systemErr: '> Enter [It] d',
    });
    expect(skipped).toMatchObject({ skipped: 'skipped - needs GPUs', failure: undefined });
  });

  test('of clusterloader2 is read, a suite at its root', async () => {
    const [suite] = await read(`<?xml version="1.0" encoding="UTF-8"?>
  <testsuite name="ClusterLoaderV2" tests="0" failures="1" errors="0" time="61.2">
      <testcase name="load: [step: 01] starting measurements [00] - A" classname="ClusterLoaderV2" time="0.1"></testcase>
      <testcase name="load overall (testing/load/config.yaml)" classname="ClusterLoaderV2" time="61.2">
          <failure type="Failure">[measurement call A error: timed out]</failure>
      </testcase>
  </testsuite>`);
    expect(suite?.name).toBe('ClusterLoaderV2');
    expect(suite?.cases.map(({ failure }) => failure?.text)).toEqual([
      undefined,
      '[measurement call A error: timed out]',
    ]);
  });

  test('of the original is read, a step without time or words', async () => {
    const [suite] = await read(
      '<?xml version="1.0" encoding="UTF-8"?><testsuite name="kubetest2" failures="0" tests="1" time="1e-05"><testcase name="Up" classname="kubetest2" time="9.1e-05"></testcase></testsuite>',
    );
    expect(suite?.cases[0]).toMatchObject({ name: 'Up', seconds: 9.1e-5 });
  });

  test('with suites inside suites is read as they come', async () => {
    const suites = await read(
      '<testsuites><testsuite name="a"><testcase name="1"/><testsuite name="b"><testcase name="2"/></testsuite></testsuite><testsuite name="c"/></testsuites>',
    );
    expect(suites.map(({ name, cases }) => [name, cases.map((each) => each.name)])).toEqual([
      ['a', ['1']],
      ['b', ['2']],
      ['c', []],
    ]);
  });

  test('without any suite has none', async () => {
    expect(await read('<testsuites/>')).toEqual([]);
  });

  test.each<[string, string, object]>([
    [
      'an error counts as a failure',
      '<testcase name="a"><error message="m" type="panic">t</error></testcase>',
      { failure: { message: 'm', type: 'panic', text: 't' } },
    ],
    [
      'several failures are one',
      '<testcase name="a"><failure message="m">t</failure><failure>u</failure></testcase>',
      { failure: { message: 'm', type: '', text: 't\nu' } },
    ],
    [
      'an empty failure is one',
      '<testcase name="a"><failure/></testcase>',
      { failure: { message: '', type: '', text: '' } },
    ],
    ['an empty skipped element counts', '<testcase name="a"><skipped/></testcase>', { skipped: '' }],
    ['a reason may be a text', '<testcase name="a"><skipped>why</skipped></testcase>', { skipped: 'why' }],
    [
      'a passed retry is a flake',
      '<testcase name="a"><flakyFailure message="m">t</flakyFailure></testcase>',
      { flaky: true, failure: undefined },
    ],
    ['a failed retry is none', '<testcase name="a"><failure/><rerunFailure/></testcase>', { flaky: false }],
    [
      'CDATA is text',
      '<testcase name="a"><system-out><![CDATA[<b> &amp; ]]>&amp;</system-out></testcase>',
      { systemOut: '<b> &amp; &' },
    ],
    [
      'white space is kept',
      '<testcase name="a"><system-out>  a\n\n b \n</system-out></testcase>',
      { systemOut: '  a\n\n b \n' },
    ],
    ['thousands have commas', '<testcase name="a" time="1,234.5"/>', { seconds: 1234.5 }],
    ['a time that is none', '<testcase name="a" time="soon"/>', { seconds: 0 }],
    [
      'properties of a case',
      '<testcase name="a"><properties><property name="k" value="v"/><property name="l">w</property></properties></testcase>',
      { properties: { k: 'v', l: 'w' } },
    ],
    [
      'names of objects are only names',
      '<testcase name="__proto__" classname="constructor"/>',
      { name: '__proto__', classname: 'constructor' },
    ],
    [
      'numbers stay as they are written',
      '<testcase name="007"><failure>1e3</failure></testcase>',
      { name: '007', failure: { message: '', type: '', text: '1e3' } },
    ],
  ])('is read so that %s', async (_title, text, expected) => {
    expect(await firstCase(text)).toMatchObject(expected);
  });

  test('that tells a case twice, failed and passed, tells of a flake', async () => {
    const [suite] = await read(
      '<testsuite name="s"><testcase name="a"><failure/></testcase><testcase name="a"/><testcase name="b"/><testcase name="b"/><testcase name="c"><skipped/></testcase><testcase name="c"/></testsuite>',
    );
    expect(suite?.cases.map(({ name, flaky }) => `${name} ${flaky}`)).toEqual([
      'a true',
      'a true',
      'b false',
      'b false',
      'c false',
      'c false',
    ]);
  });

  test('of many megabytes is read with every reference in it', async () => {
    const cases = '<testcase name="n"><failure message="m">&lt;&#xA;&amp;</failure></testcase>'.repeat(20_000);
    const [suite] = await read(`<testsuite name="s">${cases}</testsuite>`);
    expect(suite?.cases).toHaveLength(20_000);
    expect(suite?.cases.at(-1)?.failure?.text).toBe('<\n&');
  });
});

describe('a file that is no junit', () => {
  test.each([
    ['', 'is empty'],
    ['  \n', 'is empty'],
    ['<testsuite name="a"><testcase name="b">', 'is not valid XML, perhaps cut off'],
    ['<testsuite name="a"><testcase na', 'is not valid XML, perhaps cut off'],
    ['junit', 'is not valid XML'],
    ['{"a": 1}', 'is not valid XML'],
    ['<html><body/></html>', 'it has no <testsuites> and no <testsuite>'],
  ])('is refused by name: %j', async (text, why) => {
    const refusal = await read(text).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(RunError);
    expect(refusal).toHaveProperty('message', expect.stringContaining('/a/junit_01.xml'));
    expect(refusal).toHaveProperty('message', expect.stringContaining(why));
  });

  const whole =
    '<?xml version="1.0"?>\n<testsuites><testsuite name="a" tests="1"><testcase name="b" classname="c" time="1"><failure message="m">t &amp; u</failure></testcase></testsuite></testsuites>';

  test('is refused wherever it was cut off', async () => {
    for (let length = 0; length < whole.length; length++) {
      await expect(read(whole.slice(0, length)), whole.slice(0, length)).rejects.toThrow(RunError);
    }
    expect(await read(whole)).toHaveLength(1);
  });

  test('is refused with the same kind of error whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.nat(whole.length), async (noise, at) => {
        const text = whole.slice(0, at) + noise + whole.slice(at);
        await read(text).catch((error: unknown) => expect(error).toBeInstanceOf(RunError));
      }),
      { numRuns: 300 },
    );
  });
});
