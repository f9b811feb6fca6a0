import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { CommandError, RunError } from '../../../src/api/errors.ts';
import type { Exec } from '../../../src/api/exec.ts';
import { readJunit } from '../../../src/junit/read.ts';
import { checkVersionSkew } from '../../../src/kube/skew/check.ts';
import { getE2eTestVersion, getGinkgoVersion } from '../../../src/kube/skew/get-versions.ts';
import type { SkewRules } from '../../../src/kube/skew/rules.ts';

const fakes = fileURLToPath(new URL('../../helpers/programs/ginkgo', import.meta.url));

let dir: string;
let lines: string[];
let metadata: Record<string, string>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skew-'));
  lines = [];
  metadata = {};
  await writeFile(join(dir, 'config'), '');
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
});

/** Checks with fake programs, configured by the environment; `missing` is a program that does not exist. */
async function check(
  level: SkewRules['level'],
  env: Record<string, string> = {},
  more: { ignored?: SkewRules['ignored']; missing?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const keep = (message: string) => void lines.push(message);
  const log = { info: keep, warn: keep, error: keep, detail: () => {}, progress: () => {}, interactive: false };
  const own = { PATH: '/usr/bin:/bin', FAKE: dir, ...env };
  const path = (name: string) => join(name === more.missing ? '/nonexistent' : fakes, name);
  const sources = {
    exec,
    env: own,
    kubeconfig: join(dir, 'config'),
    kubectl: path('kubectl'),
    retryPause: 10,
  };
  const records = {
    metadata: async (entries: object) => void Object.assign(metadata, entries),
    junitCase: async () => undefined,
    event: () => undefined,
  };
  const run = { log, artifacts: dir, records };
  const signal = more.signal ?? new AbortController().signal;
  const ginkgo = await getGinkgoVersion(path('ginkgo'), exec, own, AbortSignal.timeout(15_000));
  const programs = {
    e2eTest: await getE2eTestVersion(path('e2e.test'), exec, own, AbortSignal.timeout(15_000)),
    ginkgo: 'value' in ginkgo ? { value: { version: ginkgo.value, path: path('ginkgo') } } : ginkgo,
  };
  await checkVersionSkew({ level, ignored: more.ignored ?? [] }, { ...sources, ...programs }, run, signal);
}

/** Starts real programs and captures their output; the program's own exec needs a process of its own. */
const exec: Exec = async ([program = '', ...args], { env, signal }) => {
  signal.throwIfAborted();
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'exit'),
    ]);
    return { exitCode, stdout, stderr, tail: '', seconds: 0 };
  } catch (error) {
    const fields = { command: program, output: '' };
    throw new CommandError(`${basename(program)} could not be started`, fields, { cause: error });
  }
};

const calls = async () => (await readFile(join(dir, 'kubectl.calls'), 'utf8')).trim().split('\n');

async function record() {
  const { suites } = await readJunit(await readFile(join(dir, 'junit_version_skew.xml'), 'utf8'), 'record');
  return suites.flatMap((suite) =>
    suite.cases.map(({ name, failure, skipped, systemOut }) => {
      const outcome = failure
        ? `failed: ${failure.message}`
        : skipped === undefined
          ? systemOut
          : `skipped: ${skipped}`;
      return `${suite.name} ${name}: ${outcome}`;
    }),
  );
}

const SUITE = 'kubetest2-tester-ginkgo version skew';
const NO_SERVER = { FAKE_SERVER: '' };

test('logs matching versions in one line, and records them in metadata and junit', async () => {
  await check('policy', { FAKE_NODES: nodes('v1.35.1', 'v1.35.1') });
  expect(lines).toEqual([
    'Versions: server v1.36.1, kubectl v1.36.1, e2e.test v1.36.1, ginkgo 2.28.1, kubelets v1.35.1 (x2)',
  ]);
  expect(metadata).toEqual({
    'cluster-version': 'v1.36.1',
    'kubectl-version': 'v1.36.1',
    'e2e-test-version': 'v1.36.1',
    'ginkgo-version': '2.28.1',
  });
  expect(await record()).toEqual([
    `${SUITE}: server: v1.36.1`,
    `${SUITE}: kubectl: v1.36.1`,
    `${SUITE}: e2e.test: v1.36.1`,
    `${SUITE}: ginkgo: 2.28.1`,
    `${SUITE}: kubelet: n1 v1.35.1\nn2 v1.35.1`,
  ]);
});

test('fails the run for fatal findings, and records the reason', async () => {
  const failed = await check('policy', { FAKE_E2E_VERSION: 'v1.38.0', FAKE_CLIENT: '{"gitVersion":"v1.33.0"}' }).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(RunError);
  expect(failed).toMatchObject({
    message: 'version skew: 2 violations at level "policy"; use --check-version-skew=warn to run anyway',
    cause: { message: expect.stringContaining('e2e.test v1.38.0 is 2 minor versions newer') },
  });
  expect(await record()).toContain(
    `${SUITE}: kubectl: failed: kubectl v1.33.0 is 3 minor versions older than the API server v1.36.1 (allowed: 1.35 to 1.37)`,
  );
});

test('only warns at level warn', async () => {
  await check('warn', { FAKE_E2E_VERSION: 'v1.38.0', FAKE_CLIENT: '{"gitVersion":"v1.33.0"}' });
  expect(lines).toHaveLength(3);
  expect(await record()).toContainEqual(expect.stringMatching(/e2e\.test: v1\.38\.0\ne2e\.test v1\.38\.0 is 2 minor/));
});

test('does nothing at level off', async () => {
  await check('off', NO_SERVER);
  await expect(calls()).rejects.toThrow();
  expect(lines).toEqual([]);
});

test('compares builds at level exact', async () => {
  const build = (commit: string) => `{"gitVersion":"v1.36.1","gitCommit":"${commit}","gitTreeState":"clean"}`;
  await check('exact', { FAKE_SERVER: build('abc'), FAKE_CLIENT: build('abc') });
  await expect(check('exact', { FAKE_SERVER: build('abc'), FAKE_CLIENT: build('def') })).rejects.toThrow('1 violation');
  expect((await calls()).join()).not.toContain('nodes');
});

describe('the server', () => {
  test('is queried five times while it does not respond; the version of kubectl is known', async () => {
    await expect(check('policy', NO_SERVER)).rejects.toThrow('1 violation at level "policy"');
    expect((await calls()).filter((call) => call.includes('version -o'))).toHaveLength(5);
    expect(lines).toEqual([
      'Versions: server unknown, kubectl v1.36.1, e2e.test v1.36.1, ginkgo 2.28.1',
      'Version skew: the version of the API server is unknown: The connection to the server localhost:8080 was refused - did you specify the right host or port?',
    ]);
    expect(await record()).toContainEqual(
      expect.stringMatching(/server: failed: the version of the API server is unk/),
    );
  });

  test('is queried once when there is no kubeconfig', async () => {
    await rm(join(dir, 'config'));
    await check('warn', NO_SERVER);
    expect((await calls()).filter((call) => call.includes('version -o'))).toHaveLength(1);
  });

  test('that responds the third time is known', async () => {
    await check('policy', { FAKE_COMES_UP: '3' });
    expect((await calls()).filter((call) => call.includes('version -o'))).toHaveLength(3);
  });

  test('that emulates an older version counts as that version, though kubectl drops the fields', async () => {
    const raw = '{"gitVersion":"v1.37.0","emulationMajor":"1","emulationMinor":"36"}';
    const server = { FAKE_SERVER: '{"gitVersion":"v1.37.0"}', FAKE_RAW: raw };
    await check('policy', server);
    const newer = { ...server, FAKE_CLIENT: '{"gitVersion":"v1.38.0"}' };
    await expect(check('policy', newer)).rejects.toThrow('1 violation');
    expect(lines.at(-1)).toContain('newer than the API server v1.37.0 (emulating 1.36) (allowed: 1.35 to 1.37)');
  });

  test('without the raw response counts as its own version', async () => {
    await check('minor', { FAKE_RAW: 'no such path' });
  });

  test('is not queried again once the run is stopped', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    stop.abort(reason);
    await expect(check('policy', NO_SERVER, { signal: stop.signal })).rejects.toBe(reason);
  });
});

test.each(['kubectl', 'e2e.test', 'ginkgo'])('reports a missing %s as unknown, with the reason', async (missing) => {
  await check('warn', {}, { missing });
  expect(lines.join('\n')).toMatch(new RegExp(`the version of ${missing} is unknown: ${missing} could not be started`));
});

test('reads the version of e2e.test from the last line that is one', async () => {
  await check('exact', { FAKE_E2E_VERSION: 'I1123 flags parsed\\nv1.2.3\\nv1.2.x\\n\\nv1.36.1\\n' });
  await expect(check('exact', { FAKE_E2E_VERSION: '' })).rejects.toThrow('1 violation');
});

test('ignored components are not queried or do not count, and are skipped in junit', async () => {
  const env = {
    FAKE_E2E_VERSION: 'v1.20.0',
    FAKE_GINKGO_VERSION: 'Ginkgo Version 1.16.5',
    FAKE_NODES: nodes('v1.10.0'),
  };
  await check('policy', env, { ignored: ['e2e.test', 'ginkgo', 'kubelet'] });
  expect((await calls()).join()).not.toContain('nodes');
  expect(await record()).toContain(`${SUITE}: e2e.test: skipped: ignored by --check-version-skew-ignore`);
});

function nodes(...versions: string[]): string {
  const items = versions.map((kubeletVersion, at) => ({
    metadata: { name: `n${at + 1}` },
    status: { nodeInfo: { kubeletVersion } },
  }));
  return JSON.stringify({ items });
}
