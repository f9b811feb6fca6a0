import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/cli/flags/parse.ts';
import { flagsInUsage } from '../../../src/text/usage-flags.ts';
import { makeArguments, makeLocalArguments, remoteArguments } from '../../../testers/node/arguments.ts';
import { modeOf, type NodeValues, problemsOf } from '../../../testers/node/binary-source.ts';
import { CreatedInstances } from '../../../testers/node/created-instances.ts';
import { nodeFlags } from '../../../testers/node/flags.ts';
import { changedFlags, supportedArguments } from '../../../testers/node/supported-flags.ts';

const instances = { project: 'p-1', zone: 'us-west1-b', sshUser: 'core', sshKey: '/home/.ssh/google_compute_engine' };
const binaries = { e2eNodeTest: '/run/e2e_node.test', ginkgo: '/run/ginkgo', kubelet: '/run/kubelet' };

function values(...args: string[]): NodeValues {
  const parsed = parseFlags({ node: nodeFlags }, args, {});
  expect(parsed.faults).toEqual([]);
  return parsed.values.node;
}

describe('make test-e2e-node', () => {
  test('gets the defaults with only a root and a zone, but no timeout and no node env', () => {
    expect(makeArguments(values('--repo-root=.', '--gcp-zone=us-west1-b'), instances)).toEqual([
      'REMOTE=true',
      String.raw`SKIP=\[Flaky\]|\[Slow\]|\[Serial\]`,
      'FOCUS=',
      'CLOUDSDK_CORE_PROJECT=p-1',
      'ZONE=us-west1-b',
      'TEST_ARGS=',
      'DELETE_INSTANCES=true',
      'PARALLELISM=8',
      'IMAGE_CONFIG_FILE=',
      'IMAGE_CONFIG_DIR=',
      'IMAGE_PROJECT=',
      'IMAGES=',
      'INSTANCE_METADATA=',
      'USER_DATA_FILE=',
      'INSTANCE_TYPE=',
      'SSH_USER=core',
      'SSH_KEY=/home/.ssh/google_compute_engine',
      'USE_DOCKERIZED_BUILD=false',
      'TARGET_BUILD_ARCH=',
      'LABEL_FILTER=',
    ]);
  });

  test.each([
    ['--timeout=90m', 'TIMEOUT=1h30m0s'],
    ['--timeout=0', 'TIMEOUT=0s'],
    ['--test-args=--feature-gates=A=true --ginkgo.timeout=3h', 'TIMEOUT=0s'],
    ['--node-env=PULL_REFS=main:abc', 'NODE_ENV=PULL_REFS=main:abc'],
    ['--node-env=', 'NODE_ENV='],
    ['--skip-regex=', 'SKIP='],
    ['--skip-regex=""', 'SKIP=""'],
    ['--delete-instances=false', 'DELETE_INSTANCES=false'],
    ['--runtime-config=api/all=true', 'RUNTIME_CONFIG=api/all=true'],
    ['--use-dockerized-build', 'USE_DOCKERIZED_BUILD=true'],
    ['--test-args=--kubelet-flags="--a=b --c" -x', 'TEST_ARGS=--kubelet-flags="--a=b --c" -x'],
  ])('%s becomes %s', (flag, arg) => {
    expect(makeArguments(values(flag), instances)).toContain(arg);
  });

  test('on this host gets no arguments for instances', () => {
    const args = makeLocalArguments(values('--repo-root=.', '--remote=false', '--focus-regex=Kubelet'));
    expect(args[0]).toBe('REMOTE=false');
    expect(args).toContain('FOCUS=Kubelet');
    expect(args.filter((arg) => /^(ZONE|SSH_|IMAGE|CLOUDSDK|DELETE)/.test(arg))).toEqual([]);
  });
});

test('e2e_node.test remote gets the same settings as flags, and its three binaries', () => {
  const args = remoteArguments(
    values('--timeout=60m', '--label-filter=!Flaky', '--runtime-config=a=b'),
    instances,
    binaries,
  );
  expect(args.slice(0, 5)).toEqual([
    String.raw`--skip-regex=\[Flaky\]|\[Slow\]|\[Serial\]`,
    '--focus-regex=',
    '--label-filter=!Flaky',
    '--gcp-project=p-1',
    '--gcp-zone=us-west1-b',
  ]);
  expect(args.slice(-5)).toEqual([
    '--timeout=1h0m0s',
    '--ginkgo-binary=/run/ginkgo',
    '--kubelet-binary=/run/kubelet',
    '--e2e-node-binary=/run/e2e_node.test',
    '--runtime-config=a=b',
  ]);
});

test('passes every text unchanged to both runners', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (args, focus) => {
      const specified = values(`--test-args=${args}`, `--focus-regex=${focus}`);
      expect(makeArguments(specified, instances)).toEqual(
        expect.arrayContaining([`TEST_ARGS=${args}`, `FOCUS=${focus}`]),
      );
      expect(remoteArguments(specified, instances, binaries)).toEqual(
        expect.arrayContaining([`--test-args=${args}`, `--focus-regex=${focus}`]),
      );
    }),
  );
});

describe('the instances that the runner creates', () => {
  const line = (name: string) =>
    Buffer.from(`Running gcloud with parameters : []string{"compute", "instances", "create", "${name}", "--zone=z"}\n`);

  test('are found however the output is chunked, with any text before them', () => {
    const text = Buffer.concat([Buffer.from('Will use ginkgo flags as: -v'), line('tmp-node-e2e-0a1b2c3d-cos')]);
    for (let at = 0; at <= text.length; at += 1) {
      const created = new CreatedInstances();
      created.onOutput(text.subarray(0, at));
      created.onOutput(text.subarray(at));
      expect(created.prefixes(undefined, false), `cut at ${at}`).toEqual(['tmp-node-e2e-0a1b2c3d']);
    }
  });

  test.each([
    ['the prefix of the run, which is enough', 'kt2-r', true, ['kt2-r', 'n1-highmem-4-cos-0a1b2c3d']],
    ['the prefix of another run, which does not count', 'kt2-r', false, ['n1-highmem-4-cos-0a1b2c3d']],
    ['no prefix', undefined, false, ['kt2-r-cos', 'n1-highmem-4-cos-0a1b2c3d']],
  ])('with %s', (_, prefix, ours, prefixes) => {
    const created = new CreatedInstances();
    created.onOutput(line('kt2-r-cos'));
    created.onOutput(line('n1-highmem-4-cos-0a1b2c3d'));
    created.onOutput(line('--help'));
    expect(created.prefixes(prefix, ours)).toEqual(prefixes);
  });
});

describe('modes', () => {
  test.each([
    [['--repo-root=.'], 'make'],
    [['--repo-root=.', '--build-binaries'], 'build'],
    [['--use-built-binaries'], 'run-dir'],
    [['--use-binaries-from-path'], 'path'],
    [['--use-binaries-from-package'], 'package'],
  ])('%j is %s', (args, mode) => {
    expect(modeOf(values(...args))).toBe(mode);
  });

  test.each([
    [['--gcp-zone=z'], ['exactly one of', 'none is set']],
    [['--repo-root=.', '--use-built-binaries', '--gcp-zone=z'], ['set: --repo-root, --use-built-binaries']],
    [['--use-binaries-from-path', '--build-binaries', '--gcp-zone=z'], ['--build-binaries needs --repo-root']],
    [['--repo-root=.'], ['--provider=gce needs --gcp-zone']],
    [['--repo-root=.', '--gcp-zone=z', '--parallelism=-1'], ['invalid --parallelism -1: must not be negative']],
    [['--repo-root=.', '--provider=azure'], ['unknown provider "azure" of the node tester (available: gce, ec2)']],
    [['--use-binaries-from-path', '--provider=ec2'], ['creates instances on gce only']],
  ])('%j is rejected', (args, messages) => {
    const problems = problemsOf(values(...args), undefined).join('\n');
    for (const message of messages) expect(problems).toContain(message);
  });

  test.each([
    [['--repo-root=.', '--provider=ec2']],
    [['--repo-root=.', '--provider=aws']],
    [['--use-binaries-from-path', '--remote=false']],
  ])('%j needs no zone', (args) => {
    expect(problemsOf(values(...args), undefined)).toEqual([]);
  });

  test('the zone of the deployer is enough', () => {
    expect(problemsOf(values('--repo-root=.'), 'us-west1-b')).toEqual([]);
  });
});

describe('the help of the runner', () => {
  const goFlag =
    '  -delete-instances\n    \tdelete them (default true)\n  -e2e-node-binary string\n    \tpath\n  -v value\n';
  const pflag =
    '      --delete-instances           x (default true)\n  -v, --verbose Level   y\n      --e2e-node-binary string\n';

  test('is parsed for both flag packages of Go', () => {
    expect([...flagsInUsage(goFlag)]).toEqual(['delete-instances', 'e2e-node-binary', 'v']);
    expect([...flagsInUsage(pflag)]).toEqual(['delete-instances', 'verbose', 'e2e-node-binary']);
  });

  test('omits a flag that it does not list, if it was not specified', () => {
    const args = ['--label-filter=', '--delete-instances=true', '--e2e-node-binary=/x'];
    expect(supportedArguments(args, goFlag, new Set())).toEqual(['--delete-instances=true', '--e2e-node-binary=/x']);
  });

  test('rejects a specified flag that it does not list', () => {
    const specified = changedFlags(nodeFlags, values('--label-filter=x'));
    expect(() => supportedArguments(['--label-filter=x'], goFlag, specified)).toThrow(
      'does not support --label-filter',
    );
  });

  test('rejects an e2e_node.test without the remote command', () => {
    expect(() => supportedArguments([], '      --ginkgo.focus string\n', new Set())).toThrow('has no `remote` command');
  });

  test('keeps all arguments if it lists no flags', () => {
    expect(supportedArguments(['--a=b'], '', new Set())).toEqual(['--a=b']);
  });
});
