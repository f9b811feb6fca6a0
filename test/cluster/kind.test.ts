import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingComponents } from '../../scripts/package/pinned.ts';
import { cuttableDocker, docker, findNodeImage, Machine, nodesOf } from '../helpers/cluster/machine.ts';
import { componentsBin } from '../helpers/real/components.ts';

const image = findNodeImage() ?? '';
const missing = missingComponents(join(componentsBin, '..'), ['kind', 'kubectl', 'ginkgo', 'e2e.test']);
if (image === '') missing.push('a kind node image in Docker');
const UP = ['--up', `--image-name=${image}`];
const SPEC = 'Watchers should be able to start watching from a specific resource version';
const GINKGO = ['--test=ginkgo', '--', '--use-binaries-from-path', `--focus-regex=${SPEC}`];

const networks = () => docker('network', 'ls', '--format', '{{.Name}}');

function expectNothingLeft(): void {
  expect(nodesOf()).toEqual([]);
  expect(networks()).not.toContain('kind');
}

const body = () => {
  // No run removes what existed before.
  const removeNetwork = (): void => {
    if (networks().includes('kind') && nodesOf().length === 0) docker('network', 'rm', 'kind');
  };
  beforeEach(removeNetwork);
  afterEach(removeNetwork);

  test('a run with the real suite leaves results and logs, and nothing else', async () => {
    using machine = new Machine();
    const { code, output } = await machine.run('whole', [...UP, '--down', ...GINKGO]);
    expect(code, output).toBe(0);
    expect(machine.read('artifacts-whole/junit_runner.xml')).toMatch(/tests="3" failures="0"/);
    expect(machine.list('artifacts-whole').some((name) => /^junit_\d+\.xml$/.test(name))).toBe(true);
    expect(machine.list('artifacts-whole/logs')).toContain('kind-whole-control-plane');
    expect(JSON.parse(machine.read('artifacts-whole/metadata.json'))).toMatchObject({
      'cluster-version': expect.stringMatching(/^v1\./),
    });
    expectNothingLeft();
  });

  test('three nodes, a merged configuration seen in the flags of the API server, and a loaded image', async () => {
    using machine = new Machine();
    const own = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nruntimeConfig: {api/beta: "false"}\n';
    writeFileSync(join(machine.directory, 'own.yaml'), own);
    writeFileSync(join(machine.directory, 'hello'), 'hello');
    execFileSync('tar', ['-cf', 'image.tar', 'hello'], { cwd: machine.directory });
    docker('import', join(machine.directory, 'image.tar'), 'kt2-loaded.test/hello:1');
    const script = [
      'kubectl get nodes --no-headers | wc -l',
      'kubectl -n kube-system get pods -l component=kube-apiserver -o yaml | grep -e --feature-gates -e --runtime-config -e --v=',
      'kubectl -n kube-system get daemonset kube-proxy -o yaml | grep -e --v=',
      'docker exec kind-three-worker crictl images | grep kt2-loaded',
    ].join(' && ');
    const env = { FEATURE_GATES: '{"AllAlpha": false}', RUNTIME_CONFIG: '{"api/alpha": "false", "api/beta": "true"}' };
    const flags = ['--workers=2', '--config=own.yaml', '--load-image=kt2-loaded.test/hello:1', '--cluster-log-level=3'];
    try {
      const args = [...UP, '--down', ...flags, '--test=exec', '--', 'sh', '-c', script];
      const { code, output } = await machine.run('three', args, env);
      expect(code, output).toBe(0);
      expect(output).toMatch(/^3$/m);
      expect(output).toContain('--feature-gates=AllAlpha=false');
      expect(output).toMatch(/--runtime-config=\S*api\/beta=false/);
      expect(output).toMatch(/--runtime-config=\S*api\/alpha=false/);
      expect(output.match(/--v=3/g)).toHaveLength(2);
    } finally {
      docker('image', 'rm', 'kt2-loaded.test/hello:1');
    }
    expectNothingLeft();
  });

  test('two runs at once each delete only their own cluster', async () => {
    using machine = new Machine();
    const nodes = ['kind-one-control-plane', 'kind-two-control-plane'];
    const [one, two] = await Promise.all([
      machine.run('one', [...UP, '--down']),
      machine.run('two', [...UP, '--test=exec', '--', 'kubectl', 'get', 'nodes']),
    ]);
    expect([one.code, two.code], one.output + two.output).toEqual([0, 0]);
    expect(nodesOf()).toEqual(nodes.slice(1));
    expect(await machine.run('two', ['--test=exec', '--', 'kubectl', 'get', 'nodes'])).toMatchObject({ code: 0 });
    expect(await machine.run('two', ['--down'])).toMatchObject({ code: 0 });
    expect(nodesOf()).toEqual([]);
  });

  test.each([
    { when: 'the create', sign: /Preparing nodes/, test: [] },
    { when: 'the tests', sign: /Test begins/, test: ['--test=exec', '--', 'sleep', '600'] },
    { when: 'the delete', sign: /Deleting cluster/, test: [] },
  ])('SIGINT during $when leaves no container and no network', async ({ sign, test: tests }) => {
    using machine = new Machine();
    const { child, ended, prints } = machine.start('stop', [...UP, '--down', ...tests]);
    await prints(sign);
    child.kill('SIGINT');
    const { code, output } = await ended;
    expect(code, output).toBe(130);
    expectNothingLeft();
  });

  test('--timeout during the create leaves nothing, and is in junit', async () => {
    using machine = new Machine();
    const { code, output } = await machine.run('late', [...UP, '--down', '--timeout=8s']);
    expect(code, output).toBe(124);
    expect(machine.read('artifacts-late/junit_runner.xml')).toContain('timed out after 8s');
    expectNothingLeft();
  });

  test('--up, failing --test and --down in three calls: the logs are saved before the cluster is deleted', async () => {
    using machine = new Machine();
    expect(await machine.run('steps', UP)).toMatchObject({ code: 0 });
    const failing = ['--test=exec', '--', 'sh', '-c', 'kubectl get nodes && exit 7'];
    expect((await machine.run('steps', failing)).code).toBe(1);
    expect(machine.list('artifacts-steps/logs/kind-steps-control-plane')).toContain('kubelet.log');
    expect(nodesOf()).toEqual(['kind-steps-control-plane']);
    expect(await machine.run('steps', ['--down'])).toMatchObject({ code: 0 });
    expect(machine.read('artifacts-steps/junit_runner.xml')).toMatch(/tests="3" failures="1"/);
    expectNothingLeft();
  });

  test('a node image that does not boot fails with the reason in junit', async () => {
    using machine = new Machine();
    const [container = ''] = docker('create', '--entrypoint=/bin/sleep', image, '1000');
    docker('commit', '--change=ENTRYPOINT ["/bin/sleep", "1000"]', container, 'kt2-asleep.test/node:1');
    docker('rm', container);
    try {
      const { code, output } = await machine.run('asleep', ['--up', '--down', '--image-name=kt2-asleep.test/node:1']);
      expect(code, output).toBe(3);
      expect(machine.read('artifacts-asleep/junit_runner.xml')).toContain('a node container did not boot');
    } finally {
      docker('image', 'rm', 'kt2-asleep.test/node:1');
    }
    expectNothingLeft();
  });

  test('a daemon that stops during the run fails Down, and a later --down finishes', async () => {
    using machine = new Machine();
    const way = await cuttableDocker(machine.directory);
    const args = [...UP, '--down', '--test=exec', '--', 'sleep', '600'];
    const { child, ended, prints } = machine.start('gone', args, { DOCKER_HOST: way.host });
    await prints(/Test begins/);
    way.cut();
    child.kill('SIGTERM');
    const { code, output } = await ended;
    expect(code, output).toBe(143);
    expect(output).toContain('the container daemon does not respond');
    expect(nodesOf()).toEqual(['kind-gone-control-plane']);
    expect(await machine.run('gone', ['--down'])).toMatchObject({ code: 0 });
    expectNothingLeft();
  });
};

if (missing.length === 0) describe('a real kind cluster', body);
else describe.skip(`a real kind cluster (skipped: no ${missing.join(', ')})`, body);
