import { expect, test } from 'vitest';
import { FakeBoskos } from '../../helpers/servers/boskos.ts';
import { Stage } from '../../helpers/stage.ts';

const words = (url: string, ...more: string[]) => [
  'node',
  '--up',
  '--down',
  '--gcp-zone=us-central1-b',
  '--register-ssh-key=false',
  `--boskos-location=${url}`,
  '--boskos-heartbeat-interval-seconds=1',
  ...more,
  '--test=exec',
  '--',
  'tests',
];

test('a project that is lost during the tests ends them, is not given back, and is exit code 3', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['project-a'] });
  const stage = new Stage(['gcloud', 'tests'], { tests: { hang: 0 } });
  const running = stage.start(...words(server.url));
  await running.called(({ name }) => name === 'tests');
  server.find('project-a').owner = 'somebody-else';
  const { exitCode, stderr } = await running.ended;
  expect(stderr).toMatch('project-a is no longer ours');
  expect(exitCode).toBe(3);
  expect(server.find('project-a').owner).toBe('somebody-else');
  expect(server.count('release')).toBe(0);
  expect(stage.artifact('junit_runner.xml')).toMatch(
    /<testcase[^>]*name="Test"[^>]*>\s*<failure[^>]*project-a is no longer ours/,
  );
});

test('with --boskos-on-lost=warn the tests go on', async () => {
  await using server = await FakeBoskos.start({ 'gce-project': ['project-a'] });
  const stage = new Stage(['gcloud', 'tests'], { tests: { hang: 0 } });
  const running = stage.start(...words(server.url, '--boskos-on-lost=warn'));
  await running.called(({ name }) => name === 'tests');
  server.find('project-a').owner = 'somebody-else';
  await server.called('update', server.count('update') + 1);
  running.child.kill('SIGTERM');
  const { exitCode, stderr } = await running.ended;
  expect(stderr).toMatch(/project-a is no longer ours.*continuing/);
  expect(exitCode).toBe(143);
});
