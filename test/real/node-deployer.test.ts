import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../src/system/find-program.ts';
import { ComputeApi } from '../helpers/real/compute-api.ts';
import { Stage } from '../helpers/stage.ts';

const gcloud = findProgram('gcloud', process.env, process.cwd());
const suite = gcloud === undefined ? describe.skip : describe;

suite(`the node deployer with the real gcloud${gcloud === undefined ? ' (skipped: no gcloud)' : ''}`, () => {
  function stage(api: ComputeApi): Stage {
    const at = new Stage([]);
    mkdirSync(join(at.dir, 'gcloud'));
    Object.assign(at.env, api.environment(join(at.dir, 'gcloud')), {
      PATH: `${at.env['PATH']}:${process.env['PATH']}`,
    });
    return at;
  }
  const node = ['node', '--run-id=run-1'];
  const up = [...node, '--gcp-project=project-1', '--gcp-zone=us-west1-b', '--up'];

  test('adds a new key to the metadata of the project and removes it, and keeps others', async () => {
    await using api = await ComputeApi.start();
    api.setSshKeys('project-1', 'old:ssh-rsa OLD old');
    const at = stage(api);
    const made = await at.run(...up);
    expect(made.exitCode, made.stderr).toBe(0);
    const [, body] = readFileSync(join(at.home, '.ssh/google_compute_engine.pub'), 'utf8').split(' ');
    expect(api.sshKeys('project-1')).toEqual(['old:ssh-rsa OLD old', `prow:ssh-rsa ${body} prow`]);
    const down = await at.run(...node, '--down');
    expect(down.exitCode, down.stderr).toBe(0);
    expect(api.sshKeys('project-1')).toEqual(['old:ssh-rsa OLD old']);
    expect(readdirSync(join(at.home, '.ssh'))).toEqual([]);
  });

  test('retries when another client changes the metadata at the same time', async () => {
    await using api = await ComputeApi.start();
    api.conflicts = 1;
    const at = stage(api);
    mkdirSync(join(at.home, '.ssh'), { mode: 0o700 });
    writeFileSync(join(at.home, '.ssh/google_compute_engine'), 'secret');
    writeFileSync(join(at.home, '.ssh/google_compute_engine.pub'), 'ssh-rsa AAAA me\n');
    const { exitCode, stderr } = await at.run(...up, '--down');
    expect(exitCode, stderr).toBe(0);
    expect(api.asked.filter((request) => request.startsWith('POST') && request.endsWith('Metadata')).length).toBe(3);
    expect(api.sshKeys('project-1')).toEqual([]);
  });

  test('reports the error of gcloud when the project is not accessible', async () => {
    await using api = await ComputeApi.start();
    const at = stage(api);
    at.env['CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE'] = 'http://127.0.0.1:9/compute/v1/';
    const { exitCode, stderr } = await at.run(...up);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('cannot read or change the SSH keys of project project-1');
  });
});
