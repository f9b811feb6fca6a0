import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { configOfFlags, mergeConfigs } from '../../deployers/kind/config.ts';
import { causedByNameTaken, causedByUnknownCluster, explain } from '../../deployers/kind/failures.ts';
import { flags } from '../../deployers/kind/flags.ts';
import { CommandError, messageOf } from '../../src/api/errors.ts';
import { parseFlags } from '../../src/cli/flags/parse.ts';
import { KindHost } from '../helpers/kind-host.ts';
import { component, componentsBin, describeWith } from '../helpers/real/components.ts';

const fakes = fileURLToPath(new URL('../helpers/programs/docker-for-kind', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'kt2-real-kind-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const PATH = [fakes, componentsBin, '/usr/bin', '/bin'].join(delimiter);

/** The error of the real kind; undefined when it passes. */
function kind(args: readonly string[], env: Record<string, string> = {}): CommandError | undefined {
  try {
    execFileSync(component('kind'), args, {
      encoding: 'utf8',
      env: { PATH, HOME: dir, KUBECONFIG: join(dir, 'kubeconfig'), ...env },
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    const { stdout, stderr, status } = error as { stdout: string; stderr: string; status: number };
    return new CommandError('kind failed', { command: 'kind', exitCode: status, output: stdout + stderr });
  }
}

/** Lets kind validate a configuration; a valid one fails later, at the missing network. */
function validated(config: unknown): string {
  const path = join(dir, 'config.yaml');
  writeFileSync(path, typeof config === 'string' ? config : stringify(config));
  const error = kind(['create', 'cluster', '--name', 'validated', '--config', path]);
  if (error?.output.includes('failed to ensure docker network')) return 'valid';
  return messageOf(explain(error));
}

describeWith(['kind'], 'the real kind', () => {
  test.each([
    '--nodes=1',
    '--workers=2',
    '--control-planes=3 --workers=1',
    '--ip-family=ipv6',
    '--ip-family=dual --kube-proxy-mode=ipvs',
    '--kube-proxy-mode=nftables',
    '--kube-proxy-mode=none',
    '--feature-gates=A=true,B=false',
    '--feature-gates={"AllAlpha":true}',
    '--runtime-config={"api/all":"true"}',
    '--runtime-config=api/alpha=true,api/beta=false',
    '--cluster-log-level=10',
    '--e2e-k8s',
    '--e2e-k8s --ip-family=ipv6 --kube-proxy-mode=ipvs --feature-gates=A=true --runtime-config=a/b=true --workers=5',
  ])('accepts the configuration of %s, also after it was read and merged', async (args) => {
    const { values, faults } = parseFlags({ kind: flags }, args.split(' '), {});
    expect(faults).toEqual([]);
    const wanted = (await configOfFlags(values.kind)) ?? {};
    expect(validated(wanted)).toBe('valid');
    expect(validated(mergeConfigs(wanted, parse(stringify(wanted))))).toBe('valid');
  });

  test.each([
    ['a: [', /kind cannot read the cluster configuration: yaml: line 1/],
    ['kind: Cluster', /invalid cluster configuration: unknown apiVersion/],
    [{ kind: 'Foo', apiVersion: 'kind.x-k8s.io/v1alpha4' }, /invalid cluster configuration: unknown kind Foo/],
    [{ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', foo: 1 }, /cannot read .*: line 3: field foo not found/],
    [
      { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', networking: { ipFamily: 'ipv5' } },
      /invalid cluster configuration: .*invalid ipFamily: ipv5/,
    ],
    [
      { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes: [{ role: 'worker' }] },
      /invalid cluster configuration: must have at least one control-plane/,
    ],
  ])('rejects %j with a known error', (config, message) => {
    expect(validated(config)).toMatch(message);
  });

  test('rejects a name with a known error', () => {
    const error = kind(['create', 'cluster', '--name', 'X_5']);
    expect(messageOf(explain(error))).toContain("invalid cluster configuration: 'X_5' is not a valid");
  });

  test('fails with a known error without docker, and without its daemon', () => {
    const missing = kind(['create', 'cluster'], { PATH: dir });
    expect(messageOf(explain(missing))).toContain('docker not found on PATH');
    const says = 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?';
    const down = kind(['delete', 'cluster', '--name', 'x'], { DOCKER_SAYS: says });
    expect(messageOf(explain(down))).toContain('the container daemon does not respond at unix:///var/run/docker.sock');
  });

  test('has a known error for a missing cluster, and deletes it without an error', () => {
    expect(kind(['delete', 'cluster', '--name', 'absent'])).toBeUndefined();
    expect(causedByUnknownCluster(kind(['export', 'logs', '--name', 'absent', dir]))).toBe(true);
    expect(causedByNameTaken(kind(['export', 'logs', '--name', 'absent', dir]))).toBe(false);
  });

  test('fails with a known error for a locked kubeconfig', () => {
    const path = join(dir, 'locked');
    writeFileSync(`${path}.lock`, '');
    const error = kind(['delete', 'cluster', '--name', 'absent', '--kubeconfig', path]);
    expect(messageOf(explain(error))).toContain(`kubeconfig ${path} is locked`);
  });

  describe('under the launcher', () => {
    test('--down of a missing cluster passes', async () => {
      using host = new KindHost();
      expect(await host.run(['--down', '--cluster-name=absent'], { PATH })).toMatchObject({ code: 0 });
    });

    test('--down removes the context from the kubeconfig of the run, and from no other', async () => {
      using host = new KindHost();
      const config = stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'kind-mine',
        contexts: ['kind-mine', 'other'].map((name) => ({ name, context: { cluster: name, user: name } })),
        clusters: ['kind-mine', 'other'].map((name) => ({ name, cluster: { server: 'https://127.0.0.1:1' } })),
        users: ['kind-mine', 'other'].map((name) => ({ name, user: { token: 't' } })),
      });
      for (const name of ['mine', 'of-the-user']) writeFileSync(join(host.dir, name), config);
      const args = ['--down', '--cluster-name=mine', '--kubeconfig=mine'];
      const env = { PATH, KUBECONFIG: join(host.dir, 'of-the-user') };
      expect(await host.run(args, env)).toMatchObject({ code: 0 });
      const { contexts, clusters, users } = parse(host.text('mine'));
      for (const left of [contexts, clusters, users]) expect(left).toMatchObject([{ name: 'other' }]);
      expect(host.text('of-the-user')).toBe(config);
    });

    test('an invalid configuration is the failure in junit', async () => {
      using host = new KindHost();
      const config = { kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', networking: { kubeProxyMode: 'x' } };
      writeFileSync(join(host.dir, 'my.yaml'), stringify(config));
      const ended = await host.run(['--up', '--down', '--config=my.yaml'], { PATH });
      expect(ended.code).toBe(3);
      expect(host.junit()).toContain('message="invalid cluster configuration: invalid kubeProxyMode: x');
    });
  });
});
