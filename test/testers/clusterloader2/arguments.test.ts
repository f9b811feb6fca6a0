import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/cli/flags/parse.ts';
import { shellSplit } from '../../../src/text/shell-split.ts';
import {
  type Clusterloader2Values,
  clusterloaderArguments,
  hasConfigs,
  isDryRun,
} from '../../../testers/clusterloader2/arguments.ts';
import { clusterloader2Flags } from '../../../testers/clusterloader2/flags.ts';
import { suiteConfigs } from '../../../testers/clusterloader2/suites.ts';

const run = {
  verbosity: 2,
  provider: 'gce',
  kubeconfig: '/kubeconfig',
  reportDir: '/artifacts',
  configs: [],
  overrides: [],
  extraArgs: [],
};

function values(...args: string[]): Clusterloader2Values {
  const parsed = parseFlags({ cl2: clusterloader2Flags }, args, {});
  expect(parsed.faults).toEqual([]);
  return parsed.values.cl2;
}

test('has the arguments in the order of kubetest2', () => {
  const args = clusterloaderArguments(
    values('--nodes=100', '--enable-prometheus-server', '--prometheus-pvc-storage-class=ssd'),
    { ...run, configs: ['a.yaml', 'b.yaml'], overrides: ['o.yaml'], extraArgs: ['--x', 'y z'] },
  );
  expect(args).toEqual([
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

test('omits flags that are not set, so that their environment variables apply', () => {
  expect(clusterloaderArguments(values(), { ...run, verbosity: 0 })).toEqual([
    '--provider=gce',
    '--kubeconfig=/kubeconfig',
    '--report-dir=/artifacts',
    '--v=0',
  ]);
});

test('appends the extra arguments unchanged', () => {
  const arg = fc.string({ minLength: 1 }).filter((text) => !text.includes("'"));
  fc.assert(
    fc.property(fc.array(arg), (extra) => {
      const extraArgs = shellSplit(extra.map((each) => `'${each}'`).join(' '));
      expect(clusterloaderArguments(values(), { ...run, extraArgs }).slice(4)).toEqual(extra);
    }),
  );
});

describe('suites', () => {
  test('have configs, in their order', () => {
    expect(suiteConfigs(['density', 'load', 'node-throughput'])).toEqual([
      'testing/density/config.yaml',
      'testing/load/config.yaml',
      'testing/node-throughput/config.yaml',
    ]);
  });

  test.each(['Load', 'laod', '', 'toString'])('%j is unknown, and the error lists the known ones', (name) => {
    expect(() => suiteConfigs(['load', name])).toThrow(
      `unknown suite ${JSON.stringify(name)} in --suites (available: load, density, node-throughput)`,
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
])('%j is a dry run: %j', (args, dry) => {
  expect(isDryRun(args)).toBe(dry);
});

test.each([
  [['--testsuite=a.yaml'], true],
  [['--testconfig', 'a.yaml'], true],
  [['--testconfigs=a'], false],
])('%j contains configs: %j', (args, expected) => {
  expect(hasConfigs(args)).toBe(expected);
});
