import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  configOfFlags,
  type KindConfig,
  lacksNetwork,
  mergeConfigs,
  readConfig,
} from '../../../deployers/kind/config.ts';
import { flags, type KindValues } from '../../../deployers/kind/flags.ts';
import type { Env } from '../../../src/api/env.ts';
import { parseFlags } from '../../../src/cli/flags/parse.ts';

function valuesOf(args: readonly string[], env: Env = {}): KindValues {
  const { values, faults } = parseFlags({ kind: flags }, args, env);
  expect(faults).toEqual([]);
  return values.kind;
}

const configOf = (args: readonly string[], env: Env = {}) => configOfFlags(valuesOf(args, env));
const listIn = (config: KindConfig | undefined, key: string) => (config?.[key] ?? []) as unknown[];
const roles = async (...args: string[]) =>
  (listIn(await configOf(args), 'nodes') as { role: string }[]).map(({ role }) => role);

test('uses the defaults of kind without flags for the cluster', async () => {
  expect(await configOf(['--image-name=i', '--wait=1m', '--retain'])).toBeUndefined();
});

describe('nodes', () => {
  test.each([
    ['--nodes=1', 1, 0],
    ['--nodes=3', 1, 2],
    ['--workers=2', 1, 2],
    ['--control-planes=3', 3, 0],
    ['--control-planes=3 --nodes=5', 3, 2],
    ['--control-planes=3 --workers=1', 3, 1],
    ['--control-planes=1 --workers=1 --nodes=2', 1, 1],
    ['--e2e-k8s', 1, 2],
    ['--e2e-k8s --workers=0', 1, 0],
  ])('%s configures %i control planes and %i workers', async (args, controlPlanes, workers) => {
    const expected = [...Array(controlPlanes).fill('control-plane'), ...Array(workers).fill('worker')];
    expect(await roles(...args.split(' '))).toEqual(expected);
  });

  test.each([
    '--nodes=0',
    '--control-planes=0',
    '--workers=-1',
    '--nodes=2 --workers=2',
    '--nodes=2 --control-planes=3',
  ])('rejects %s', async (args) => {
    await expect(configOf(args.split(' '))).rejects.toThrow(/--(?:nodes|control-planes|workers)/);
  });
});

test('flags take precedence over the variables of e2e-k8s.sh', async () => {
  const env = {
    IP_FAMILY: 'ipv6',
    KUBE_PROXY_MODE: 'ipvs',
    FEATURE_GATES: '{"A": true}',
    RUNTIME_CONFIG: '{"api/all": "true"}',
  };
  expect(await configOf(['--ip-family=dual', '--feature-gates=B=false'], env)).toMatchObject({
    networking: { ipFamily: 'dual', kubeProxyMode: 'ipvs' },
    featureGates: { B: false },
    runtimeConfig: { 'api/all': 'true' },
  });
});

test('sets a log level by a patch for each current version of the kubeadm configuration', async () => {
  const config = await configOf([], { KIND_CLUSTER_LOG_LEVEL: '6' });
  const patches = (listIn(config, 'kubeadmConfigPatches') as string[]).map((patch) =>
    parseAllDocuments(patch).map((document) => document.toJS()),
  );
  const listed = [{ name: 'v', value: '6' }];
  expect(patches[0]).toEqual([
    {
      kind: 'ClusterConfiguration',
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      apiServer: { extraArgs: listed },
      controllerManager: { extraArgs: listed },
      scheduler: { extraArgs: listed },
    },
    { kind: 'InitConfiguration', apiVersion: 'kubeadm.k8s.io/v1beta4', nodeRegistration: { kubeletExtraArgs: listed } },
    { kind: 'JoinConfiguration', apiVersion: 'kubeadm.k8s.io/v1beta4', nodeRegistration: { kubeletExtraArgs: listed } },
  ]);
  expect(patches[1]?.[0]).toMatchObject({ apiVersion: 'kubeadm.k8s.io/v1beta3', apiServer: { extraArgs: { v: '6' } } });
  expect(patches[1]).toHaveLength(3);
});

test('--e2e-k8s has the kubelet settings and the empty DNS search list of the script', async () => {
  const config = await configOf(['--e2e-k8s']);
  expect(config?.['networking']).toEqual({ dnsSearch: [] });
  const [patch] = listIn(config, 'kubeadmConfigPatches') as string[];
  expect(parseAllDocuments(patch ?? '')[2]?.toJS().nodeRegistration.kubeletExtraArgs).toEqual([
    { name: 'v', value: '4' },
    { name: 'container-log-max-files', value: '10' },
    { name: 'container-log-max-size', value: '100Mi' },
  ]);
});

describe('a merge', () => {
  test('keeps the keys of the file, joins patches with those of the file last, and uses its nodes', () => {
    const ours = {
      networking: { ipFamily: 'ipv6', kubeProxyMode: 'ipvs' },
      kubeadmConfigPatches: ['a'],
      nodes: [1, 2],
    };
    const theirs = { networking: { ipFamily: 'dual' }, kubeadmConfigPatches: ['b'], nodes: [3], name: 'x' };
    expect(mergeConfigs(ours, theirs)).toEqual({
      networking: { ipFamily: 'dual', kubeProxyMode: 'ipvs' },
      kubeadmConfigPatches: ['a', 'b'],
      nodes: [3],
      name: 'x',
    });
  });

  const leaf = fc.oneof(fc.string(), fc.boolean(), fc.array(fc.integer()));
  const config = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'nodes'),
    fc.oneof(leaf, fc.dictionary(fc.constantFrom('x', 'y'), leaf)),
  );
  test('contains everything of the file', () => {
    fc.assert(
      fc.property(config, config, (ours, theirs) => {
        expect(mergeConfigs(ours, theirs)).toMatchObject(theirs);
        expect(mergeConfigs(ours, {})).toEqual(ours);
      }),
    );
  });
});

describe('a file', () => {
  const read = async (content: string) => {
    const directory = mkdtempSync(join(tmpdir(), 'kt2-config-'));
    try {
      writeFileSync(join(directory, 'c.yaml'), content);
      return (await readConfig(join(directory, 'c.yaml'))).config;
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  test('may have anchors, and documents after the first, which are ignored as kind does', async () => {
    expect(await read('a: &x {b: 1}\nc: {<<: *x}\n---\nother: 1\n')).toEqual({ a: { b: 1 }, c: { b: 1 } });
  });

  test.each(['', '- a', 'a: [', 'just words'])('with %j is rejected', async (content) => {
    await expect(read(content)).rejects.toThrow(/invalid --config \S*c\.yaml: /);
  });

  test('that does not exist is rejected', async () => {
    await expect(readConfig('/nowhere/c.yaml')).rejects.toThrow(
      'invalid --config /nowhere/c.yaml: file does not exist',
    );
  });

  test('can disable the network of kind', async () => {
    expect(lacksNetwork(await read('networking: {disableDefaultCNI: true}'))).toBe(true);
    expect(lacksNetwork(await read('networking: {}'))).toBe(false);
  });
});
