import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { inTree, type Line, withNodeDifferences } from '../helpers/corpus-lines.ts';
import { fakeBoskos } from '../helpers/servers/fake-boskos.ts';
import { Stage } from '../helpers/stage.ts';

/** A folder with the programs of kubetest2, for instance made by `go build -o FOLDER . ./kubetest2-…` in its checkout. */
const original = process.env['KUBETEST2_ORIGINAL'] ?? '';
const PROGRAMS = ['kubetest2', 'kubetest2-noop', 'kubetest2-tester-node', 'kubetest2-tester-clusterloader2'];
const missing = PROGRAMS.filter((name) => !existsSync(join(original, name)));
const PERF_TESTS = 'go/src/k8s.io/perf-tests/clusterloader2';
const END = 'the end of a call';

/** A folder as the jobs have it: checkouts, keys, and stand-ins that write down how they are called. */
function machine(line: Line): Stage {
  const at = new Stage([], {}, { ...ofJob(line), CALLS: 'calls' });
  const standIns = ['make', 'gcloud', 'go', 'e2e_node.test', 'ginkgo', 'kubelet', 'clusterloader2'];
  for (const folder of [at.bin, join(at.dir, '_output/bin')]) {
    mkdirSync(folder, { recursive: true });
    for (const name of standIns) writeFileSync(join(folder, name), STAND_IN, { mode: 0o755 });
  }
  mkdirSync(join(at.home, '.ssh'));
  for (const key of ['google_compute_engine', 'google_compute_engine.pub']) {
    writeFileSync(join(at.home, '.ssh', key), key, { mode: 0o600 });
  }
  for (const folder of [PERF_TESTS, 'go/src/k8s.io/kubernetes']) mkdirSync(join(at.dir, folder), { recursive: true });
  for (const [, file = ''] of line.tester_args
    ?.join('\n')
    .matchAll(/^--test-(?:configs|overrides)=\$GOPATH\/(.*)$/gm) ?? []) {
    mkdirSync(dirname(join(at.dir, 'go', file)), { recursive: true });
    writeFileSync(join(at.dir, 'go', file), '');
  }
  return at;
}

// A shell starts in a tenth of node's time, and there are some thousand of these.
const STAND_IN = `#!/bin/sh
[ "$2" = --help ] || printf '%s\\0' "\${0##*/}" "$@" '${END}' >> "$CALLS"
`;

const ofJob = ({ env }: Line) => (env?.['KUBE_SSH_USER'] ? { KUBE_SSH_USER: env['KUBE_SSH_USER'] } : {});

/** The words of a line as the job's shell gives them, with our Boskos. A release is not fetched: its programs are on PATH. */
function argsOf(line: Line, at: Stage, boskos: string): string[] {
  const words = (line.tester_args ?? []).map((word) =>
    word
      .replaceAll('$GOPATH', join(at.dir, 'go'))
      .replaceAll('$HOME', at.home)
      .replace(/^--use-binaries-from-package$/, '--use-binaries-from-path'),
  );
  return line.tester === 'node' ? [...words, `--boskos-location=${boskos}`] : words;
}

/** The calls of the stand-ins, without what differs from one call to the next. */
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
    .map((call) => call.map((word) => word.replaceAll(`${at.dir}/`, '').replaceAll(/\bleased-\d+\b/g, 'leased')));
}

async function byOriginal(line: Line, boskos: string): Promise<string[][]> {
  const at = machine(line);
  const words = ['noop', `--test=${line.tester}`, '--', ...argsOf(line, at, boskos)];
  const env = { ...at.env, PATH: [original, at.bin, '/usr/bin', '/bin'].join(delimiter) };
  await promisify(execFile)(join(original, 'kubetest2'), words, { cwd: at.dir, env });
  return callsOf(at);
}

async function byOurs(line: Line, boskos: string): Promise<string[][]> {
  const at = machine(line);
  const more = line.tester === 'clusterloader2' ? [`--binary=${join(at.bin, 'clusterloader2')}`] : ['--allow-no-tests'];
  const words = [...argsOf(line, at, boskos), ...more];
  const { exitCode, stderr } = await at.run('noop', `--test=${line.tester}`, '--', ...words);
  expect(exitCode, `line ${line.at} (${line.job}): ${stderr}`).toBe(0);
  return callsOf(at);
}

/** Takes out what docs/compatibility.md tells of. */
function withDifferences(calls: readonly (readonly string[])[], line: Line): string[][] {
  if (line.tester === 'node') {
    return calls.map((call) => withNodeDifferences(call, line).map((word) => word.replace('$REPO/', '')));
  }
  return calls.map((call) => (call[0] === 'go' ? ['clusterloader2', ...call.slice(3)] : [...call]));
}

const title = missing.length === 0 ? '' : ` (left out: KUBETEST2_ORIGINAL names no folder with ${missing.join(', ')})`;
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
