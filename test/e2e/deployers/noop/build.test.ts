import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { FakeGcs } from '../../../helpers/servers/gcs.ts';
import { type Scene, scene } from '../../../helpers/staging.ts';

const program = fileURLToPath(new URL('../../../../dist/kubetest2-ts.cjs', import.meta.url));
const VERSION = 'v1.36.0-alpha.1.123+abcdef0123456';

/** Runs the program in a scene, with its fakes of make, git and docker on PATH. */
async function noop(here: Scene, ...args: string[]) {
  return await start(here, ...args).ended;
}

function start({ run, tree }: Scene, ...args: string[]) {
  const artifacts = join(run.cwd, 'artifacts');
  const child = spawn(process.execPath, [program, 'noop', '--build', `--repo-root=${tree}`, ...args], {
    cwd: run.cwd,
    env: { ...run.env, HOME: run.cwd, ARTIFACTS: artifacts },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const artifact = (name: string) => readFile(join(artifacts, name), 'utf8');
  const ended = Promise.all([text(child.stderr), once(child, 'exit')]).then(([stderr, [exitCode]]) => ({
    exitCode: exitCode as number | null,
    stderr,
    artifact,
  }));
  return { child, ended };
}

test('noop --build --stage builds the tree and stages it without a suffix to its version', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene();
  const args = ['--stage=gs://b/ci', '--update-latest', `--gcs-endpoint=${gcs.url}`];
  const { exitCode, stderr, artifact } = await noop(here, ...args);
  expect(stderr).toMatch(`Staged gs://b/ci/${VERSION}: uploaded 21 of 21 objects`);
  expect(exitCode).toBe(0);
  expect(gcs.text(`ci/${VERSION}/kubernetes.tar.gz`)).toBe('all');
  expect(gcs.text('ci/latest.txt')).toBe(VERSION);
  expect(await artifact('junit_runner.xml')).toMatch(/name="Build"/);
  expect(JSON.parse(await artifact('metadata.json'))).toMatchObject({ 'build-version': VERSION });
  expect(await artifact('events.jsonl')).toMatch(/"event":"stage".*"written":21/);
});

test('a signal stops a staging that hangs, and the next call uploads the rest', async () => {
  await using gcs = await FakeGcs.start();
  await using here = await scene();
  const args = ['--stage=gs://b/ci', `--gcs-endpoint=${gcs.url}`];
  gcs.failUpload(`ci/${VERSION}/kubernetes.tar.gz`, 'hang');
  const { child, ended } = start(here, ...args);
  await once(gcs, 'hung');
  child.kill('SIGTERM');
  const { exitCode, artifact } = await ended;
  expect(exitCode).toBe(143);
  expect(await artifact('junit_runner.xml')).toMatch(/name="Interrupted"/);
  expect([...gcs.objects.keys()].filter((name) => name.includes('SUMS'))).toEqual([]);
  expect(await noop(here, ...args)).toMatchObject({ exitCode: 0 });
  expect(gcs.objects.size).toBe(21);
});

test('rejects an invalid --stage before the build', async () => {
  await using here = await scene();
  const { exitCode, stderr } = await noop(here, '--stage=gs://b/release');
  expect(exitCode).toBe(2);
  expect(stderr).toMatch('invalid --stage "gs://b/release"');
  expect(await here.calls()).toEqual([]);
});

test('a failed build exits with 3, with the output of make in junit', async () => {
  await using here = await scene({ env: { FAKE_MAKE_FAILS: 'yes' } });
  const { exitCode, artifact } = await noop(here);
  expect(exitCode).toBe(3);
  expect(await artifact('junit_runner.xml')).toMatch('it does not compile');
});
