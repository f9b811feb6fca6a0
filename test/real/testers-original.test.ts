import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { inTree, type Line, withNodeDifferences } from '../helpers/corpus-lines.ts';
import { fakeBoskos } from '../helpers/servers/boskos.ts';
import { Stage } from '../helpers/stage.ts';

/** A directory with the programs of kubetest2, such as one that `go build -o DIRECTORY . ./kubetest2-…` fills. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const PROGRAMS = ['kubetest2', 'kubetest2-noop', 'kubetest2-tester-node', 'kubetest2-tester-clusterloader2'];
const missing = PROGRAMS.filter((name) => !existsSync(join(original, name)));
const PERF_TESTS = 'go/src/k8s.io/perf-tests/clusterloader2';
const END = 'the end of a call';

/** A directory as in the jobs: checkouts, keys, and fakes that record their calls. */
function jobDirectory(line: Line): Stage {
  const at = new Stage([], {}, { ...ofJob(line), CALLS: 'calls' });
  const fakes = ['make', 'gcloud', 'go', 'e2e_node.test', 'ginkgo', 'kubelet', 'clusterloader2'];
  for (const directory of [at.bin, join(at.dir, '_output/bin')]) {
    mkdirSync(directory, { recursive: true });
    for (const name of fakes) writeFileSync(join(directory, name), FAKE_SCRIPT, { mode: 0o755 });
  }
  mkdirSync(join(at.home, '.ssh'));
  for (const key of ['google_compute_engine', 'google_compute_engine.pub']) {
    writeFileSync(join(at.home, '.ssh', key), key, { mode: 0o600 });
  }
  for (const directory of [PERF_TESTS, 'go/src/k8s.io/kubernetes'])
    mkdirSync(join(at.dir, directory), { recursive: true });
  for (const [, file = ''] of line.tester_args
    ?.join('\n')
    .matchAll(/^--test-(?:configs|overrides)=\$GOPATH\/(.*)$/gm) ?? []) {
    mkdirSync(dirname(join(at.dir, 'go', file)), { recursive: true });
    writeFileSync(join(at.dir, 'go', file), '');
  }
  return at;
}

// A shell starts in a tenth of node's time, and there are some thousand of these.
const FAKE_SCRIPT = `#!/bin/sh
[ "$2" = --help ] || printf '%s\\0' "\${0##*/}" "$@" '${END}' >> "$CALLS"
`;

const ofJob = ({ env }: Line) => (env?.['KUBE_SSH_USER'] ? { KUBE_SSH_USER: env['KUBE_SSH_USER'] } : {});

/** The arguments of a line as the job's shell passes them, with our Boskos. No release is downloaded: its binaries are on PATH. */
function argsOf(line: Line, at: Stage, boskos: string): string[] {
  const args = (line.tester_args ?? []).map((arg) =>
    arg
      .replaceAll('$GOPATH', join(at.dir, 'go'))
      .replaceAll('$HOME', at.home)
      .replace(/^--use-binaries-from-package$/, '--use-binaries-from-path'),
  );
  return line.tester === 'node' ? [...args, `--boskos-location=${boskos}`] : args;
}

/** The calls of the fakes, without what differs between two calls. */
function callsOf(at: Stage): string[][] {
  const calls = [
    join(at.dir, 'calls'),
    join(at.dir, PERF_TESTS, 'calls'),
    join(at.dir, 'go/src/k8s.io/kubernetes/calls'),
  ];
  return calls
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split(`${END}\0`))
    .map((call) => call.split('\0').slice(0, -1))
    .filter(([name]) => name !== undefined && name !== 'gcloud')
    .map((call) => call.map((arg) => arg.replaceAll(`${at.dir}/`, '').replaceAll(/\bleased-\d+\b/g, 'leased')));
}

async function byOriginal(line: Line, boskos: string): Promise<string[][]> {
  const at = jobDirectory(line);
  const args = ['noop', `--test=${line.tester}`, '--', ...argsOf(line, at, boskos)];
  const env = { ...at.env, PATH: [original, at.bin, '/usr/bin', '/bin'].join(delimiter) };
  await promisify(execFile)(join(original, 'kubetest2'), args, { cwd: at.dir, env });
  return callsOf(at);
}

async function byOurs(line: Line, boskos: string): Promise<string[][]> {
  const at = jobDirectory(line);
  const more = line.tester === 'clusterloader2' ? [`--binary=${join(at.bin, 'clusterloader2')}`] : ['--allow-no-tests'];
  const args = [...argsOf(line, at, boskos), ...more];
  const { exitCode, stderr } = await at.run('noop', `--test=${line.tester}`, '--', ...args);
  expect(exitCode, `line ${line.at} (${line.job}): ${stderr}`).toBe(0);
  return callsOf(at);
}

/** Without the differences that docs/compatibility.md lists. */
function withDifferences(calls: readonly (readonly string[])[], line: Line): string[][] {
  if (line.tester === 'node') {
    return calls.map((call) => withNodeDifferences(call, line).map((arg) => arg.replace('$REPO/', '')));
  }
  return calls.map((call) => (call[0] === 'go' ? ['clusterloader2', ...call.slice(3)] : [...call]));
}

const title = missing.length === 0 ? '' : ` (skipped: KUBETEST2_ORIGINAL names no folder with ${missing.join(', ')})`;
describe.skipIf(missing.length > 0)(`beside the original${title}`, () => {
  test.each(['node', 'clusterloader2'])(
    'every %s line of the jobs starts the same, but for documented differences',
    async (tester) => {
      const lines = inTree.filter((line) => line.tester === tester);
      const boskos = await fakeBoskos({ free: 2 * lines.length });
      const left = lines.values();
      const workers = Array.from({ length: 3 }, async () => {
        for (const line of left) {
          const theirs = withDifferences(await byOriginal(line, boskos.url), line);
          expect(theirs, `line ${line.at} (${line.job})`).not.toEqual([]);
          expect(await byOurs(line, boskos.url), `line ${line.at} (${line.job})`).toEqual(theirs);
        }
      });
      await Promise.all(workers);
    },
    900_000,
  );
});
