import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Part, Plan } from '../../../helpers/programs/recorder.ts';
import { fakeBoskos } from '../../../helpers/servers/boskos.ts';
import { Stage } from '../../../helpers/stage.ts';

/** gcloud of a project with these SSH keys. */
const project = (...keys: string[]): readonly Part[] => [
  {
    when: 'compute project-info describe',
    stdout: JSON.stringify({ commonInstanceMetadata: { items: [{ key: 'ssh-keys', value: keys.join('\n') }] } }),
  },
  { when: 'compute project-info add-metadata', keep: ['--metadata-from-file=ssh-keys='] },
  { when: 'compute project-info remove-metadata' },
];

function stage(plan: Plan = {}): Stage {
  const at = new Stage(['gcloud', 'make'], { gcloud: project('old:ssh-rsa OLD old'), ...plan });
  mkdirSync(join(at.dir, 'kubernetes'));
  return at;
}

/** Adds a key pair to the home directory. */
function withKeys(at: Stage): void {
  mkdirSync(join(at.home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(at.home, '.ssh/google_compute_engine'), 'secret');
  writeFileSync(join(at.home, '.ssh/google_compute_engine.pub'), 'ssh-rsa AAAA me@here\n');
}

const node = ['node', '--run-id=run-1', '--gcp-project=p-1', '--gcp-zone=us-west1-b'];
const tests = ['--test=node', '--', '--repo-root=kubernetes'];
const verbs = (at: Stage) => at.argsOf('gcloud').map((args) => args.slice(2, 4).join(' '));
/** The SSH keys that gcloud got, by call. */
const written = (at: Stage) => at.calls.flatMap(({ kept }) => kept ?? []);

describe('Up and Down', () => {
  test('add a missing key to the project, and remove it', async () => {
    const at = stage({ gcloud: project('old:ssh-rsa OLD old') });
    withKeys(at);
    expect((await at.run(...node, '--up')).exitCode).toBe(0);
    expect(written(at)).toEqual(['old:ssh-rsa OLD old\nprow:ssh-rsa AAAA prow\n']);
    at.env['FAKE_PLAN'] = JSON.stringify({
      gcloud: project('old:ssh-rsa OLD old', 'prow:ssh-rsa AAAA prow', 'new:ssh-rsa NEW'),
    });
    expect((await at.run('node', '--run-id=run-1', '--down')).exitCode).toBe(0);
    expect(written(at).at(-1)).toBe('old:ssh-rsa OLD old\nnew:ssh-rsa NEW\n');
    expect(verbs(at)).toEqual([
      'describe --project=p-1',
      'add-metadata --project=p-1',
      'describe --project=p-1',
      'add-metadata --project=p-1',
    ]);
    expect(readdirSync(join(at.home, '.ssh'))).toHaveLength(2);
  });

  test('keep a key that the project already has', async () => {
    const at = stage({ gcloud: project('other:ssh-rsa AAAA someone') });
    withKeys(at);
    expect((await at.run(...node, '--up', '--down')).exitCode).toBe(0);
    expect(verbs(at)).toEqual(['describe --project=p-1']);
  });

  test('create a key pair if there is none, and remove it', async () => {
    const at = stage({ gcloud: project() });
    expect((await at.run(...node, '--up')).exitCode).toBe(0);
    const key = join(at.home, '.ssh/google_compute_engine');
    expect(readFileSync(key, 'utf8')).toContain('PRIVATE KEY');
    expect((statSync(key).mode & 0o777).toString(8)).toBe('600');
    const [, body] = readFileSync(`${key}.pub`, 'utf8').split(' ');
    expect(written(at)).toEqual([`prow:ssh-rsa ${body} prow\n`]);
    expect(readdirSync(join(at.dir, '_rundir/run-1')).filter((name) => name.startsWith('ssh-key'))).toEqual([]);
    at.env['FAKE_PLAN'] = JSON.stringify({ gcloud: project(`prow:ssh-rsa ${body} prow`) });
    expect((await at.run('node', '--run-id=run-1', '--down')).exitCode).toBe(0);
    expect(verbs(at).at(-1)).toBe('remove-metadata --project=p-1');
    expect(readdirSync(join(at.home, '.ssh'))).toEqual([]);
  });

  test('keep a key pair that has changed since', async () => {
    const at = stage({ gcloud: project() });
    await at.run(...node, '--up');
    writeFileSync(join(at.home, '.ssh/google_compute_engine.pub'), 'ssh-rsa MINE me\n');
    const { stderr } = await at.run('node', '--run-id=run-1', '--down');
    expect(stderr).toContain('it has changed since this run created it');
    expect(readdirSync(join(at.home, '.ssh'))).toHaveLength(2);
  });

  test('a failed Up is torn down', async () => {
    const [describe, , remove] = project('old:ssh-rsa OLD old') as [Part, Part, Part];
    const at = stage({
      gcloud: [describe, { when: 'compute project-info add-metadata', exit: 1, stderr: 'no permission' }, remove],
    });
    const { exitCode, stderr } = await at.run(...node, '--up', '--down');
    expect(exitCode).toBe(3);
    expect(stderr).toContain('cannot read or change the SSH keys of project p-1');
    expect(existsSync(join(at.home, '.ssh/google_compute_engine'))).toBe(false);
  });

  test('retry when another client has changed the metadata', async () => {
    const conflict: Part = {
      when: 'compute project-info add-metadata',
      exit: 1,
      stderr: 'Supplied fingerprint does not match',
      times: 2,
    };
    const at = stage({ gcloud: [conflict, ...project('old:ssh-rsa OLD old')] });
    withKeys(at);
    expect((await at.run(...node, '--up')).exitCode).toBe(0);
    expect(verbs(at).map((verb) => verb.split(' ')[0])).toEqual([
      'describe',
      'add-metadata',
      'describe',
      'add-metadata',
      'describe',
      'add-metadata',
    ]);
  });
});

test('passes project, zone and keys to the tester and gcloud', async () => {
  const at = stage();
  withKeys(at);
  const { exitCode } = await at.run(...node, '--up', '--down', ...tests);
  expect(exitCode).toBe(0);
  const call = at.calls.find(({ name }) => name === 'make');
  expect(call?.args).toEqual(expect.arrayContaining(['CLOUDSDK_CORE_PROJECT=p-1', 'ZONE=us-west1-b']));
  expect(call?.env).toMatchObject({
    PROJECT: 'p-1',
    CLOUDSDK_CORE_PROJECT: 'p-1',
    CLOUDSDK_COMPUTE_ZONE: 'us-west1-b',
    KUBE_GCE_ZONE: 'us-west1-b',
    GCE_SSH_PRIVATE_KEY_FILE: join(at.home, '.ssh/google_compute_engine'),
  });
});

describe('a project from Boskos', () => {
  test('serves deployer and tester, and is released after Down', async () => {
    const boskos = await fakeBoskos();
    const at = stage();
    withKeys(at);
    const args = ['node', '--gcp-zone=z', `--boskos-location=${boskos.url}`, '--up', '--down', ...tests];
    expect((await at.run(...args)).exitCode).toBe(0);
    expect(boskos.calls).toEqual(['acquire gce-project', 'release leased-1 dirty']);
    expect(at.argsOf('make')[0]).toContain('CLOUDSDK_CORE_PROJECT=leased-1');
    expect(verbs(at).every((verb) => verb.endsWith('--project=leased-1'))).toBe(true);
  });

  test('is released when the tests fail', async () => {
    const boskos = await fakeBoskos();
    const at = stage({ make: { exit: 1 } });
    withKeys(at);
    const args = ['node', '--gcp-zone=z', `--boskos-location=${boskos.url}`, '--up', '--down', ...tests];
    expect((await at.run(...args)).exitCode).toBe(1);
    expect(boskos.calls.at(-1)).toBe('release leased-1 dirty');
  });

  test('is held between Up and a Down in a later call, which needs nothing repeated', async () => {
    const boskos = await fakeBoskos();
    const at = stage();
    withKeys(at);
    const up = await at.run('node', '--run-id=run-1', '--gcp-zone=z', `--boskos-location=${boskos.url}`, '--up');
    expect(up.exitCode).toBe(0);
    expect(boskos.calls).toEqual(['acquire gce-project']);
    expect((await at.run('node', '--run-id=run-1', '--down')).exitCode).toBe(0);
    expect(boskos.calls).toEqual(['acquire gce-project', 'release leased-1 dirty']);
  });

  test('is released when Up fails', async () => {
    const boskos = await fakeBoskos();
    const at = stage({ gcloud: { exit: 1, stderr: 'not allowed' } });
    const { exitCode } = await at.run('node', '--gcp-zone=z', `--boskos-location=${boskos.url}`, '--up');
    expect(exitCode).toBe(3);
    expect(boskos.calls.at(-1)).toBe('release leased-1 dirty');
  });
});

test('Up without a zone is a usage error, and acquires no project', async () => {
  const boskos = await fakeBoskos();
  const { exitCode, stderr } = await stage().run('node', `--boskos-location=${boskos.url}`, '--up');
  expect(exitCode).toBe(2);
  expect(stderr).toContain('the node deployer needs --gcp-zone');
  expect(boskos.calls).toEqual([]);
});
