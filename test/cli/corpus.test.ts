import { EventEmitter } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { registry } from '../../bin/registry.ts';
import { type Flags, namedFlags } from '../../src/api/flags.ts';
import { klogFlags, launcherFlags } from '../../src/cli/flags/launcher-flags.ts';
import { type Parsed, parseFlags } from '../../src/cli/flags/parse.ts';
import { acquireFlags } from '../../src/download/flags.ts';
import { runPluginDeployer } from '../../src/plugins/plugin-deployer.ts';
import { shellSplit } from '../../src/text/shell-split.ts';
import { clusterloaderArguments } from '../../testers/clusterloader2/arguments.ts';
import { clusterloader2Flags } from '../../testers/clusterloader2/flags.ts';
import { ginkgoCommand, parseExtraArgs } from '../../testers/ginkgo/arguments.ts';
import { flags as ginkgoFlags } from '../../testers/ginkgo/flags.ts';
import { makeArguments, remoteArguments } from '../../testers/node/arguments.ts';
import { modeOf } from '../../testers/node/binary-source.ts';
import { nodeFlags } from '../../testers/node/flags.ts';
import { withGinkgoDifferences } from '../helpers/corpus-ginkgo.ts';
import { inTree, type Line, outOfTree, recorded, withNodeDifferences } from '../helpers/corpus-lines.ts';
import { pflagValues } from '../helpers/pflag.ts';

/** How many lines of each of our deployers and testers are understood. These numbers only grow. */
const UNDERSTOOD: Readonly<Record<string, number>> = {
  'deployer noop': 211,
  'deployer kind': 1,
  'deployer gce': 29,
  'tester node': 207,
  'tester ginkgo': 99,
  'tester clusterloader2': 16,
};

const launcherTables = { launcher: launcherFlags, klog: klogFlags, acquire: acquireFlags };
const testerTables = { klog: klogFlags };

/** The tables of our deployers and testers by name. */
async function tables(kind: 'deployers' | 'testers'): Promise<ReadonlyMap<string, Flags>> {
  const listed: readonly { readonly name: string; readonly load: () => Promise<{ readonly flags: Flags }> }[] =
    registry[kind];
  return new Map(await Promise.all(listed.map(async ({ name, load }) => [name, (await load()).flags] as const)));
}

/** The faults of some words, and each typed flag whose value is not pflag's. */
function misread(owners: Readonly<Record<string, Flags>>, words: readonly string[]): string[] {
  const parsed: Parsed<Readonly<Record<string, Flags>>> = parseFlags(owners, words, {});
  const wrong: string[] = [...parsed.faults];
  const expected = pflagValues(Object.values(owners), words);
  for (const [owner, flags] of Object.entries(owners)) {
    for (const { key, name } of namedFlags(flags)) {
      if (!expected.has(name)) continue;
      const [is, should] = [parsed.values[owner]?.[key], expected.get(name)].map((value) => JSON.stringify(value));
      if (is !== should) wrong.push(`--${name} is ${is} and should be ${should}`);
    }
  }
  const alone = [...parsed.specified, ...expected.keys()].filter(
    (name) => parsed.specified.has(name) !== expected.has(name),
  );
  if (alone.length > 0) wrong.push(`one of pflag and this program has no ${alone.join()}`);
  return wrong;
}

/** What kubetest2 refuses in a line: flags it does not know, and long ones with one dash. */
function refusedWords({ unknown_flags = [], quirks = [], deployer_args }: Line): readonly string[] {
  if (!quirks.includes('single-dash-long-flag')) return unknown_flags;
  return [...unknown_flags, ...deployer_args.filter((word) => /^-\w{2,}=/.test(word))];
}

test('every line of our deployers and testers is understood, with the values pflag gives', async () => {
  const [deployers, testers] = [await tables('deployers'), await tables('testers')];
  const counts = new Map<string, number>();
  const wrong: string[] = [];
  const read = (what: string, line: Line, owners: Readonly<Record<string, Flags>>, words: readonly string[]): void => {
    const faults = misread(owners, words);
    const refused = refusedWords(line).filter((word) => words.some((each) => each.startsWith(word)));
    if (refused.length > 0) {
      const missed = refused.filter((word) => !faults.some((fault) => fault.includes(word)));
      wrong.push(...missed.map((word) => `${what}, line ${line.at} (${line.job}): ${word} is not refused`));
    } else wrong.push(...faults.map((fault) => `${what}, line ${line.at} (${line.job}): ${fault}`));
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  for (const line of inTree) {
    const deployer = deployers.get(line.deployer);
    const tester = testers.get(line.tester ?? '');
    if (deployer) read(`deployer ${line.deployer}`, line, { ...launcherTables, deployer }, line.deployer_args);
    if (tester && line.tester !== 'exec') {
      read(`tester ${line.tester}`, line, { ...testerTables, tester }, line.tester_args ?? []);
    }
  }
  expect(wrong).toEqual([]);
  for (const [what, count] of counts) console.log(`${what}: ${count} lines understood`);
  for (const [what, least] of Object.entries(UNDERSTOOD)) {
    expect(counts.get(what) ?? 0, what).toBeGreaterThanOrEqual(least);
  }
});

const facts = { project: 'leased-project', sshUser: 'prow', sshKey: '$HOME/.ssh/google_compute_engine' };

/** What our node tester would start for a line, its binaries where the recorded ones were. */
function nodeCommand(line: Line): string[] {
  const { values } = parseFlags({ node: nodeFlags, klog: klogFlags }, line.tester_args ?? [], {});
  const { node } = values;
  const gce = node.provider === 'gce';
  const machines = {
    project: node.gcpProject || (gce ? facts.project : ''),
    zone: node.gcpZone,
    sshUser: line.env?.['KUBE_SSH_USER'] ?? facts.sshUser,
    sshKey: gce ? facts.sshKey : '',
  };
  const mode = modeOf(node);
  if (mode === 'make') return ['make', 'test-e2e-node', ...makeArguments(node, machines)];
  const folder = mode === 'build' ? '$REPO/_output/bin' : '$RUN_DIR';
  const binaries = {
    e2eNodeTest: `${folder}/e2e_node.test`,
    ginkgo: `${folder}/ginkgo`,
    kubelet: `${folder}/kubelet`,
  };
  return ['e2e_node.test', 'remote', ...remoteArguments(node, machines, binaries)];
}

describe('kubetest2 and this program start the same for', () => {
  const lines = (tester: string) => inTree.filter((line) => line.tester === tester);

  test('every node line, but for documented differences', () => {
    expect(lines('node')).toHaveLength(207);
    for (const line of lines('node')) {
      const theirs = withNodeDifferences(recorded.get(line.at) ?? [], line);
      expect(nodeCommand(line), `line ${line.at} (${line.job})`).toEqual(theirs);
    }
  });

  test('every clusterloader2 line, but for the program', () => {
    expect(lines('clusterloader2')).toHaveLength(16);
    for (const line of lines('clusterloader2')) {
      const { values } = parseFlags({ cl2: clusterloader2Flags, klog: klogFlags }, line.tester_args ?? [], {});
      const words = clusterloaderArguments(values.cl2, {
        verbosity: values.klog.v,
        provider: values.cl2.provider ?? 'skeleton',
        kubeconfig: values.cl2.kubeConfig,
        reportDir: '$ARTIFACTS',
        configs: values.cl2.testConfigs,
        overrides: values.cl2.testOverrides,
        extraArgs: shellSplit(values.cl2.extraArgs),
      });
      expect(['go', 'run', 'cmd/clusterloader.go', ...words], `line ${line.at} (${line.job})`).toEqual(
        recorded.get(line.at),
      );
    }
  });

  test('every ginkgo line, but for documented differences', () => {
    expect(lines('ginkgo')).toHaveLength(99);
    const suite = { version: { value: 'v1.36.1' }, ginkgo: 2 as const, knows: () => true };
    const where = {
      ginkgo: '$RUN_DIR/ginkgo',
      e2eTest: '$RUN_DIR/e2e.test',
      kubectl: '$RUN_DIR/kubectl',
      kubeconfig: '$KUBECONFIG',
      reportDir: '$ARTIFACTS',
      provider: undefined,
      env: {},
    };
    for (const line of lines('ginkgo')) {
      const { ginkgo } = parseFlags({ ginkgo: ginkgoFlags, klog: klogFlags }, line.tester_args ?? [], {}).values;
      const theirs = withGinkgoDifferences(recorded.get(line.at) ?? []);
      const ours = ginkgoCommand(ginkgo, parseExtraArgs(ginkgo), suite, where);
      expect(ours, `line ${line.at} (${line.job})`).toEqual(theirs);
    }
  });
});

test('the words of every other deployer reach its program untouched', async () => {
  const ours = new Set(registry.deployers.map(({ name }) => name));
  const lines = [...inTree.filter(({ deployer }) => !ours.has(deployer)), ...outOfTree];
  expect(lines.length).toBeGreaterThan(200);
  const dir = mkdtempSync(join(tmpdir(), 'corpus-'));
  const program = join(dir, 'kubetest2-other');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" > "${dir}/words"\n`);
  chmodSync(program, 0o755);
  const { env, pid } = process;
  const quiet = () => new PassThrough() as unknown as NodeJS.WriteStream;
  for (const { argv, at, job } of lines) {
    const rest = argv.slice(1);
    const code = await runPluginDeployer(program, rest, {
      program: 'kubetest2-ts',
      args: argv,
      env,
      cwd: dir,
      home: dir,
      stdout: quiet(),
      stderr: quiet(),
      pid,
      stdinIsTerminal: () => false,
      signals: new EventEmitter(),
      runtime: 'node',
      self: [],
    });
    expect(code).toBe(0);
    expect(readFileSync(join(dir, 'words'), 'utf8').split('\0').slice(0, -1), `line ${at} (${job})`).toEqual(rest);
  }
}, 60_000);
