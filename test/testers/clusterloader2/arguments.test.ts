import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/cli/flags/parse.ts';
import { shellSplit } from '../../../src/text/shell-split.ts';
import {
  bringsConfigs,
  type Clusterloader2Values,
  clusterloaderArguments,
  isDryRun,
} from '../../../testers/clusterloader2/arguments.ts';
import { clusterloader2Flags } from '../../../testers/clusterloader2/flags.ts';
import { suiteConfigs } from '../../../testers/clusterloader2/suites.ts';

const cluster = {
  verbosity: 2,
  provider: 'gce',
  kubeconfig: '/kubeconfig',
  reportDir: '/artifacts',
  configs: [],
  overrides: [],
  extraArgs: [],
};

function values(...words: string[]): Clusterloader2Values {
  const parsed = parseFlags({ cl2: clusterloader2Flags }, words, {});
  expect(parsed.faults).toEqual([]);
  return parsed.values.cl2;
}

test('the words come in the order kubetest2 has them', () => {
  const words = clusterloaderArguments(
    values('--nodes=100', '--enable-prometheus-server', '--prometheus-pvc-storage-class=ssd'),
    { ...cluster, configs: ['a.yaml', 'b.yaml'], overrides: ['o.yaml'], extraArgs: ['--x', 'y z'] },
  );
  expect(words).toEqual([
    '--provider=gce',
    '--kubeconfig=/kubeconfig',
    '--report-dir=/artifacts',
    '--v=2',
    '--nodes=100',
    '--testconfig=a.yaml',
    '--testconfig=b.yaml',
    '--testoverrides=o.yaml',
    '--enable-prometheus-server',
    '--prometheus-pvc-storage-class=ssd',
    '--x',
    'y z',
  ]);
});

test('what nobody gave is left out, so that its environment twin holds', () => {
  expect(clusterloaderArguments(values(), { ...cluster, verbosity: 0 })).toEqual([
    '--provider=gce',
    '--kubeconfig=/kubeconfig',
    '--report-dir=/artifacts',
    '--v=0',
  ]);
});

test('every extra word stands at the end, as it was quoted', () => {
  const word = fc.string({ minLength: 1 }).filter((text) => !text.includes("'"));
  fc.assert(
    fc.property(fc.array(word), (extra) => {
      const extraArgs = shellSplit(extra.map((each) => `'${each}'`).join(' '));
      expect(clusterloaderArguments(values(), { ...cluster, extraArgs }).slice(4)).toEqual(extra);
    }),
  );
});

describe('suites', () => {
  test('stand for their configs, in their order', () => {
    expect(suiteConfigs(['density', 'load', 'node-throughput'])).toEqual([
      'testing/density/config.yaml',
      'testing/load/config.yaml',
      'testing/node-throughput/config.yaml',
    ]);
  });

  test.each(['Load', 'laod', '', 'toString'])('%j is none, and the known ones are listed', (name) => {
    expect(() => suiteConfigs(['load', name])).toThrow(
      `--suites: ${JSON.stringify(name)} is none of load, density, node-throughput`,
    );
  });
});

test.each([
  [['--dry-run'], true],
  [['--dry-run=true'], true],
  [['--dry-run', '--dry-run=false'], false],
  [['--dry-run=0'], false],
  [['--dry-running'], false],
  [[], false],
])('%j asks for a dry run: %j', (words, dry) => {
  expect(isDryRun(words)).toBe(dry);
});

test.each([
  [['--testsuite=a.yaml'], true],
  [['--testconfig', 'a.yaml'], true],
  [['--testconfigs=a'], false],
])('%j brings configs of its own: %j', (words, brings) => {
  expect(bringsConfigs(words)).toBe(brings);
});
