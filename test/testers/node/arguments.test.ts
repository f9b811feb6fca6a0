import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlags } from '../../../src/cli/flags/parse.ts';
import { makeArguments, makeLocalArguments, remoteArguments } from '../../../testers/node/arguments.ts';
import { faultsOf, modeOf, type NodeValues } from '../../../testers/node/binary-source.ts';
import { MadeMachines } from '../../../testers/node/created-instances.ts';
import { nodeFlags } from '../../../testers/node/flags.ts';
import { acceptedWords, changedFlags, flagsInHelp } from '../../../testers/node/supported-flags.ts';

const machines = { project: 'p-1', zone: 'us-west1-b', sshUser: 'core', sshKey: '/home/.ssh/google_compute_engine' };
const binaries = { e2eNodeTest: '/run/e2e_node.test', ginkgo: '/run/ginkgo', kubelet: '/run/kubelet' };

function values(...words: string[]): NodeValues {
  const parsed = parseFlags({ node: nodeFlags }, words, {});
  expect(parsed.faults).toEqual([]);
  return parsed.values.node;
}

describe('make test-e2e-node', () => {
  test('with no more than a root and a zone gets the defaults, but no timeout and no node env', () => {
    expect(makeArguments(values('--repo-root=.', '--gcp-zone=us-west1-b'), machines)).toEqual([
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
  ])('%s becomes %s', (flag, word) => {
    expect(makeArguments(values(flag), machines)).toContain(word);
  });

  test('on this host gets no machines', () => {
    const words = makeLocalArguments(values('--repo-root=.', '--remote=false', '--focus-regex=Kubelet'));
    expect(words[0]).toBe('REMOTE=false');
    expect(words).toContain('FOCUS=Kubelet');
    expect(words.filter((word) => /^(ZONE|SSH_|IMAGE|CLOUDSDK|DELETE)/.test(word))).toEqual([]);
  });
});

test('e2e_node.test remote gets the same settings as flags, and its three binaries', () => {
  const words = remoteArguments(
    values('--timeout=60m', '--label-filter=!Flaky', '--runtime-config=a=b'),
    machines,
    binaries,
  );
  expect(words.slice(0, 5)).toEqual([
    String.raw`--skip-regex=\[Flaky\]|\[Slow\]|\[Serial\]`,
    '--focus-regex=',
    '--label-filter=!Flaky',
    '--gcp-project=p-1',
    '--gcp-zone=us-west1-b',
  ]);
  expect(words.slice(-5)).toEqual([
    '--timeout=1h0m0s',
    '--ginkgo-binary=/run/ginkgo',
    '--kubelet-binary=/run/kubelet',
    '--e2e-node-binary=/run/e2e_node.test',
    '--runtime-config=a=b',
  ]);
});

test('every text reaches both runners whole', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (args, focus) => {
      const typed = values(`--test-args=${args}`, `--focus-regex=${focus}`);
      expect(makeArguments(typed, machines)).toEqual(expect.arrayContaining([`TEST_ARGS=${args}`, `FOCUS=${focus}`]));
      expect(remoteArguments(typed, machines, binaries)).toEqual(
        expect.arrayContaining([`--test-args=${args}`, `--focus-regex=${focus}`]),
      );
    }),
  );
});

describe('the machines that the runner says it makes', () => {
  const line = (name: string) =>
    Buffer.from(`Running gcloud with parameters : []string{"compute", "instances", "create", "${name}", "--zone=z"}\n`);

  test('are read however the output is cut, and whatever is before it in the line', () => {
    const text = Buffer.concat([Buffer.from('Will use ginkgo flags as: -v'), line('tmp-node-e2e-0a1b2c3d-cos')]);
    for (let at = 0; at <= text.length; at += 1) {
      const made = new MadeMachines();
      made.take(text.subarray(0, at));
      made.take(text.subarray(at));
      expect(made.prefixes(undefined, false), `cut at ${at}`).toEqual(['tmp-node-e2e-0a1b2c3d']);
    }
  });

  test.each([
    ['the prefix of the run, which says it all', 'kt2-r', true, ['kt2-r', 'n1-highmem-4-cos-0a1b2c3d']],
    ['the prefix of somebody else, which does not count', 'kt2-r', false, ['n1-highmem-4-cos-0a1b2c3d']],
    ['no prefix', undefined, false, ['kt2-r-cos', 'n1-highmem-4-cos-0a1b2c3d']],
  ])('with %s', (_, prefix, ours, prefixes) => {
    const made = new MadeMachines();
    made.take(line('kt2-r-cos'));
    made.take(line('n1-highmem-4-cos-0a1b2c3d'));
    made.take(line('--help'));
    expect(made.prefixes(prefix, ours)).toEqual(prefixes);
  });
});

describe('modes', () => {
  test.each([
    [['--repo-root=.'], 'make'],
    [['--repo-root=.', '--build-binaries'], 'build'],
    [['--use-built-binaries'], 'run-dir'],
    [['--use-binaries-from-path'], 'path'],
    [['--use-binaries-from-package'], 'package'],
  ])('%j is %s', (words, mode) => {
    expect(modeOf(values(...words))).toBe(mode);
  });

  test.each([
    [['--gcp-zone=z'], ['exactly one of', 'none is given']],
    [['--repo-root=.', '--use-built-binaries', '--gcp-zone=z'], ['given: --repo-root, --use-built-binaries']],
    [['--use-binaries-from-path', '--build-binaries', '--gcp-zone=z'], ['--build-binaries needs --repo-root']],
    [['--repo-root=.'], ['--provider=gce needs --gcp-zone']],
    [['--repo-root=.', '--gcp-zone=z', '--parallelism=-1'], ['--parallelism cannot be negative']],
    [['--repo-root=.', '--provider=azure'], ['--provider=azure: the node tester knows gce and ec2']],
    [['--use-binaries-from-path', '--provider=ec2'], ['makes machines on gce only']],
  ])('%j is refused', (words, sentences) => {
    const faults = faultsOf(values(...words), undefined).join('\n');
    for (const sentence of sentences) expect(faults).toContain(sentence);
  });

  test.each([
    [['--repo-root=.', '--provider=ec2']],
    [['--repo-root=.', '--provider=aws']],
    [['--use-binaries-from-path', '--remote=false']],
  ])('%j needs no zone', (words) => {
    expect(faultsOf(values(...words), undefined)).toEqual([]);
  });

  test('the zone of the deployer is enough', () => {
    expect(faultsOf(values('--repo-root=.'), 'us-west1-b')).toEqual([]);
  });
});

describe('the help of the runner', () => {
  const goFlag =
    '  -delete-instances\n    \tdelete them (default true)\n  -e2e-node-binary string\n    \tpath\n  -v value\n';
  const pflag =
    '      --delete-instances           x (default true)\n  -v, --verbose Level   y\n      --e2e-node-binary string\n';

  test('both forms of Go usage are read', () => {
    expect([...flagsInHelp(goFlag)]).toEqual(['delete-instances', 'e2e-node-binary']);
    expect([...flagsInHelp(pflag)]).toEqual(['delete-instances', 'verbose', 'e2e-node-binary']);
  });

  test('a flag it does not list is left out when nobody typed it', () => {
    const words = ['--label-filter=', '--delete-instances=true', '--e2e-node-binary=/x'];
    expect(acceptedWords(words, goFlag, new Set())).toEqual(['--delete-instances=true', '--e2e-node-binary=/x']);
  });

  test('a typed flag that it does not list is an error that names it', () => {
    const typed = changedFlags(nodeFlags, values('--label-filter=x'));
    expect(() => acceptedWords(['--label-filter=x'], goFlag, typed)).toThrow('does not know --label-filter');
  });

  test('an e2e_node.test without the remote command is told apart', () => {
    expect(() => acceptedWords([], '      --ginkgo.focus string\n', new Set())).toThrow('has no `remote` command');
  });

  test('a help that lists nothing keeps every word', () => {
    expect(acceptedWords(['--a=b'], '', new Set())).toEqual(['--a=b']);
  });
});
