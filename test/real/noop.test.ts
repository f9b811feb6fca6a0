import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, test } from 'vitest';
import { componentsBin, describeWith } from '../helpers/real/components.ts';
import { type Cluster, CONTROL_PLANE } from '../helpers/real/control-plane.ts';
import { sharedCluster } from '../helpers/real/shared-cluster.ts';
import { Stage } from '../helpers/stage.ts';

/** A directory to run the program in, with the real programs on PATH. */
const realStage = () => new Stage([], {}, { PATH: `${componentsBin}:${dirname(process.execPath)}:/usr/bin:/bin` });

describeWith(CONTROL_PLANE, 'noop with a real control plane', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await sharedCluster();
  });

  test('waits for its API, and passes its kubeconfig to the tests', async () => {
    const at = realStage();
    const args = [`--kubeconfig=${cluster.kubeconfig}`, '--up', '--down', '--test=exec'];
    const { exitCode, stdout, stderr } = await at.run('noop', ...args, '--', 'kubectl', 'get', 'nodes', '-o', 'name');
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toBe('node/fake-0\nnode/fake-1\nnode/fake-2\n');
    expect(stderr).toMatch(/Using cluster at https:\/\/127\.0\.0\.1:\d+ \(context test\), Kubernetes v1\.36\.1/);
    expect(JSON.parse(at.artifact('metadata.json'))).toMatchObject({ 'cluster-version': 'v1.36.1' });
  });

  test('is empty again for the next suite', async () => {
    await cluster.kubectl('create', 'namespace', 'left-behind');
    const next = await sharedCluster();
    expect(next.kubeconfig).toBe(cluster.kubeconfig);
    expect(await next.kubectl('get', 'namespaces', '-o', 'name')).not.toContain('left-behind');
  });
});

describeWith(['etcd', 'kube-apiserver', 'kubectl'], 'noop with an API server that was killed', () => {
  test('fails within --ready-timeout, and names the server', async () => {
    const at = realStage();
    const kubeconfig = join(at.dir, 'kubeconfig');
    await startAndKill((original) => copyFileSync(original, kubeconfig));
    const { exitCode, stderr } = await at.run('noop', `--kubeconfig=${kubeconfig}`, '--up', '--ready-timeout=1s');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/\(--ready-timeout\): no response from https:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/);
  });
});

/** Starts an API server in a process of its own and kills it; resolves when the server has exited. */
async function startAndKill(use: (kubeconfig: string) => void): Promise<void> {
  const module = new URL('../helpers/real/control-plane.ts', import.meta.url);
  const script = `const { startControlPlane } = await import('${module}');
    const { kubeconfig } = await startControlPlane({ nodes: 0 });
    console.log(kubeconfig);
    setInterval(() => undefined, 1 << 30);`;
  const starter = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(starter.stdout), 'line')) as [string];
  use(line);
  starter.kill('SIGKILL');
  await expect.poll(() => existsSync(dirname(line)), { timeout: 10_000 }).toBe(false);
}
