import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KindHost, kindFake } from '../../../helpers/kind-host.ts';
import { Pki, serveApi } from '../../../helpers/servers/kube-api.ts';

/** For tests without a cluster API. */
const NO_WAIT = '--wait=0';
const CREATE = 'kind create cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig --retain';
const DELETE = 'kind delete cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig';
const EXPORT = 'kind export logs --name kind-r1 artifacts/logs';

describe('a whole run', () => {
  test('creates, tests with a kubeconfig of its own, saves the logs and deletes', async () => {
    using host = new KindHost();
    const args = ['--up', '--down', NO_WAIT, '--test=exec', '--', 'sh', '-c'];
    const script = 'echo $KUBECONFIG $KIND_CLUSTER_NAME && cat $KUBECONFIG';
    const ended = await host.run([...args, script]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain(`${host.rundir}/r1/kubeconfig kind-r1`);
    expect(ended.stdout).toContain('"current-context":"kind-kind-r1"');
    expect(host.calls()).toEqual([CREATE, EXPORT, DELETE]);
    expect(host.text('artifacts/logs/journal.log')).toBe('booted\n');
    expect(host.clusters()).toEqual([]);
    expect(host.exists('.kube')).toBe(false);
  });

  test('removes the network that kind created for it, and keeps an existing one', async () => {
    using host = new KindHost();
    await host.run(['--up', '--down', NO_WAIT]);
    expect(host.exists('state/network')).toBe(false);
    writeFileSync(join(host.state, 'network'), '');
    await host.run(['--up', '--down', NO_WAIT], { PROW_JOB_ID: 'r2' });
    expect(host.exists('state/network')).toBe(true);
  });

  test('keeps the network for a cluster that joined it', async () => {
    using host = new KindHost();
    await host.run(['--up', NO_WAIT]);
    writeFileSync(join(host.state, 'clusters', 'other'), 'id-9 other-control-plane\n');
    expect(await host.run(['--down'])).toMatchObject({ code: 0 });
    expect(host.exists('state/network')).toBe(true);
    expect(host.clusters()).toEqual(['other']);
  });
});

describe('kind gets', () => {
  test('the flags of the original, and only they, beside the kubeconfig and --retain', async () => {
    using host = new KindHost();
    writeFileSync(join(host.dir, 'my.yaml'), 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n');
    const flags = ['--cluster-name=mine', '--image-name=img:1', '--config=my.yaml', '--kubeconfig=k/config'];
    mkdirSync(join(host.dir, 'k'));
    await host.run(['--up', '--down', NO_WAIT, ...flags]);
    expect(host.calls()).toEqual([
      'kind create cluster --name mine --image img:1 --config my.yaml --kubeconfig k/config --retain',
      'kind export logs --name mine artifacts/logs',
      'kind delete cluster --name mine --kubeconfig k/config',
    ]);
    expect(host.text('artifacts/kind-config.yaml')).toContain('kind: Cluster');
  });

  test('images and archives to load', async () => {
    using host = new KindHost();
    writeFileSync(join(host.dir, 'some.tar'), '');
    const flags = ['--load-image=a:1', '--load-image=some.tar', '--load-image=b:2'];
    await host.run(['--up', NO_WAIT, ...flags]);
    expect(host.calls().slice(1)).toEqual([
      'kind load docker-image a:1 b:2 --name kind-r1',
      'kind load image-archive some.tar --name kind-r1',
    ]);
  });

  test('no archive that does not exist, and creates no cluster', async () => {
    using host = new KindHost();
    const ended = await host.run(['--up', NO_WAIT, '--load-image=some.tar']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/invalid --load-image \S+\/some\.tar: no such file or directory/);
    expect(host.calls()).toEqual([]);
  });

  test('the provider of --provider, and none without it', async () => {
    using host = new KindHost();
    await host.run(['--up', '--down', NO_WAIT]);
    await host.run(['--up', '--down', NO_WAIT, '--provider=docker']);
    const lines = host.text('state/kind-env').trimEnd().split('\n');
    expect(lines).toEqual([...Array(3).fill('provider='), ...Array(3).fill('provider=docker')]);
  });

  test('a configuration that can be read only once', async () => {
    using host = new KindHost();
    const pipe = join(host.dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const own = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n';
    const [{ code, stderr }] = await Promise.all([host.run(['--up', NO_WAIT, '--config=pipe']), writeFile(pipe, own)]);
    expect(code, stderr).toBe(0);
    expect(host.calls()[0]).toContain('--config artifacts/kind-config.yaml');
    expect(host.text('state/config')).toBe(own);
  });

  test('a configuration from the variables of e2e-k8s.sh, merged with --config, whose keys win', async () => {
    using host = new KindHost();
    const own =
      'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nfeatureGates: {B: false}\nnetworking: {apiServerPort: 6443}\n';
    writeFileSync(join(host.dir, 'my.yaml'), own);
    const env = {
      FEATURE_GATES: '{"A": true, "B": true}',
      RUNTIME_CONFIG: '{"api/beta":"true"}',
      KUBE_PROXY_MODE: 'nftables',
    };
    await host.run(['--up', NO_WAIT, '--config=my.yaml', '--workers=2'], env);
    expect(host.calls()[0]).toContain('--config artifacts/kind-config.yaml');
    const config = parse(host.text('state/config'));
    expect(config).toEqual({
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      networking: { kubeProxyMode: 'nftables', apiServerPort: 6443 },
      nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
      featureGates: { A: true, B: false },
      runtimeConfig: { 'api/beta': 'true' },
    });
    expect(parse(host.text('artifacts/kind-config.yaml'))).toEqual(config);
  });
});

describe('without docker', () => {
  const providers = (host: KindHost) => new Set(host.dockerCalls().map((call) => call.split(' ')[0]));

  test.each([
    [['podman', 'finch', 'nerdctl'], 'nerdctl'],
    [['podman', 'finch'], 'finch'],
    [['podman'], 'podman'],
  ])('of %j kind and the deployer use %s', async (installed, chosen) => {
    using host = new KindHost();
    const PATH = host.withProviders(...installed);
    expect(await host.run(['--up', '--down', NO_WAIT], { PATH })).toMatchObject({ code: 0 });
    expect(providers(host)).toEqual(new Set([chosen]));
    expect(new Set(host.text('state/kind-env').trimEnd().split('\n'))).toEqual(new Set([`provider=${chosen}`]));
    expect(host.clusters()).toEqual([]);
    expect(host.exists('state/network')).toBe(false);
  });

  test('images are saved by the provider, since kind loads them only from docker', async () => {
    using host = new KindHost();
    const PATH = host.withProviders('podman');
    writeFileSync(join(host.dir, 'c.tar'), '');
    const flags = ['--load-image=a:1', '--load-image=b:2', '--load-image=c.tar'];
    expect(await host.run(['--up', NO_WAIT, ...flags], { PATH })).toMatchObject({ code: 0 });
    expect(host.dockerCalls().filter((call) => call.includes(' save '))).toEqual([
      'podman save -o rundir/r1/image-0.tar a:1',
      'podman save -o rundir/r1/image-1.tar b:2',
    ]);
    expect(host.calls().slice(1)).toEqual([
      'kind load image-archive rundir/r1/image-0.tar --name kind-r1',
      'kind load image-archive rundir/r1/image-1.tar --name kind-r1',
      'kind load image-archive c.tar --name kind-r1',
    ]);
    const shown = await host.run(['--up', ...flags, '--dry-run'], { PATH, PROW_JOB_ID: 'r2' });
    expect(shown.stdout).toContain('rundir/r2/image-0.tar a:1');
  });
});

describe('a later call', () => {
  test('uses the provider of the cluster, independent of PATH', async () => {
    using host = new KindHost();
    const PATH = host.withProviders('docker', 'podman');
    expect(await host.run(['--up', NO_WAIT, '--provider=podman'], { PATH })).toMatchObject({ code: 0 });
    expect(await host.run(['--down'], { PATH })).toMatchObject({ code: 0 });
    expect(host.dockerCalls().filter((call) => !call.startsWith('podman '))).toEqual([]);
    expect(host.text('state/kind-env')).not.toContain('provider=\n');
    expect(host.clusters()).toEqual([]);
  });

  test('rejects another provider', async () => {
    using host = new KindHost();
    await host.run(['--up', NO_WAIT]);
    const ended = await host.run(['--down', '--provider=podman']);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toContain('invalid --provider podman: the cluster of run r1 has docker');
    expect(host.clusters()).toEqual(['kind-r1']);
  });

  test('uses the kind that created the cluster, though another or none is on PATH', async () => {
    using host = new KindHost();
    const PATH = host.withoutKind();
    const mine = join(host.dir, 'my-kind');
    writeFileSync(mine, `#!/bin/sh\necho mine >>$FAKE_STATE/mine\nexec ${kindFake} "$@"\n`, { mode: 0o755 });
    await host.run(['--up', NO_WAIT, '--kind-version=./my-kind'], { PATH });
    expect(await host.run(['--down'])).toMatchObject({ code: 0 });
    expect(host.text('state/mine')).toBe('mine\n'.repeat(3));
    expect(host.clusters()).toEqual([]);
  });
});

describe('the cluster of another user', () => {
  test('with the same name is neither used nor deleted', async () => {
    using host = new KindHost();
    writeFileSync(join(host.state, 'clusters', 'mine'), 'id-9 mine-control-plane\n');
    const ended = await host.run(['--up', '--down', '--cluster-name=mine']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('kind cluster "mine" already exists (not created by this run)');
    expect(host.clusters()).toEqual(['mine']);
    expect(host.calls()).toEqual([]);
  });

  test('that took the name just before the create is not deleted', async () => {
    using host = new KindHost();
    const output = 'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "kind-r1"';
    const ended = await host.run(['--up', '--down', NO_WAIT], { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: output });
    expect(ended.code).toBe(3);
    expect(host.junit()).toContain('kind cluster &quot;kind-r1&quot; already exists');
    expect(host.calls()).toEqual([CREATE]);
  });

  test('that replaced the cluster of the run is not deleted', async () => {
    using host = new KindHost();
    await host.run(['--up', NO_WAIT]);
    writeFileSync(join(host.state, 'clusters', 'kind-r1'), 'id-0 kind-r1-control-plane\n');
    const ended = await host.run(['--down']);
    expect(ended.stderr).toContain('Not deleting kind cluster "kind-r1"');
    expect(host.calls()).not.toContain(DELETE);
    expect(host.clusters()).toEqual(['kind-r1']);
  });

  test('--down of a run without a cluster deletes nothing, not even the cluster named kind', async () => {
    using host = new KindHost();
    writeFileSync(join(host.state, 'clusters', 'kind'), 'id-9 kind-control-plane\n');
    await host.run(['--down']);
    expect(host.calls()).toEqual([]);
    expect(host.clusters()).toEqual(['kind']);
  });

  test('--down without a run, and --test of a run without a cluster, name the missing flags', async () => {
    using host = new KindHost();
    writeFileSync(join(host.state, 'clusters', 'kind'), 'id-9 kind-control-plane\n');
    const down = await host.run(['--down'], { PROW_JOB_ID: '' });
    expect(down.code).toBe(2);
    expect(down.stderr).toContain('no run with a kind cluster found for --down: specify the run with --run-id');
    const tested = await host.run(['--test=exec', '--', 'touch', 'tested']);
    expect(tested.code).toBe(3);
    expect(tested.stderr).toContain('run r1 has no kind cluster: set --up, --run-id of the run that has one');
    expect(host.exists('tested')).toBe(false);
    expect(host.calls()).toEqual([]);
  });

  test('--down with --cluster-name deletes that cluster', async () => {
    using host = new KindHost();
    writeFileSync(join(host.state, 'clusters', 'mine'), 'id-9 mine-control-plane\n');
    expect(await host.run(['--down', '--cluster-name=mine'])).toMatchObject({ code: 0 });
    expect(host.clusters()).toEqual([]);
  });
});

test('a run with a cluster rejects another --cluster-name', async () => {
  using host = new KindHost();
  await host.run(['--up', NO_WAIT]);
  expect(await host.run(['--down', '--cluster-name=other'])).toMatchObject({ code: 2 });
  expect(host.clusters()).toEqual(['kind-r1']);
});

test('removes a lock that a killed kind left beside the kubeconfig of the run, but not one beside another file', async () => {
  using host = new KindHost();
  await host.run(['--up', NO_WAIT]);
  writeFileSync(join(host.rundir, 'r1/kubeconfig.lock'), '');
  writeFileSync(join(host.dir, 'mine.lock'), '');
  await host.run(['--down']);
  await host.run(['--up', NO_WAIT, '--kubeconfig=mine']);
  await host.run(['--down']);
  expect(host.exists('rundir/r1/kubeconfig.lock')).toBe(false);
  expect(host.exists('mine.lock')).toBe(true);
});

describe('--up, --test and --down in three calls', () => {
  test('are one run: cluster, kubeconfig and build come from its state', async () => {
    using host = new KindHost();
    const env = { PROW_JOB_ID: '' };
    await host.run(['--up', NO_WAIT], env);
    const [cluster = ''] = host.clusters();
    expect(cluster).toMatch(/^kind-[0-9a-f]{8}-[0-9a-f]{4}$/);
    const tested = await host.run(['--test=exec', '--', 'sh', '-c', 'cat $KUBECONFIG'], env);
    expect(tested.stdout).toContain(`"current-context":"kind-${cluster}"`);
    expect(await host.run(['--down'], env)).toMatchObject({ code: 0 });
    expect(host.clusters()).toEqual([]);
  });

  test('a kubeconfig whose current context has changed is rejected', async () => {
    using host = new KindHost();
    await host.run(['--up', NO_WAIT]);
    const path = 'rundir/r1/kubeconfig';
    writeFileSync(join(host.dir, path), host.text(path).replaceAll('kind-kind-r1', 'production'));
    const ended = await host.run(['--test=exec', '--', 'touch', 'tested']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('is production, not kind-kind-r1');
    expect(host.exists('tested')).toBe(false);
  });
});

describe('a cluster that does not come up', () => {
  test('is deleted after its logs were saved, with --up alone, as kind does', async () => {
    using host = new KindHost();
    expect(await host.run(['--up'], { FAKE_CREATE: 'fails' })).toMatchObject({ code: 3 });
    expect(host.calls()).toEqual([CREATE, EXPORT, DELETE]);
  });

  test.each(['--retain', '--down=never', '--down=on-success'])('is kept with %s', async (flag) => {
    using host = new KindHost();
    await host.run(['--up', flag], { FAKE_CREATE: 'fails' });
    expect(host.clusters()).toEqual(['kind-r1']);
    await host.run(['--down']);
    expect(host.clusters()).toEqual([]);
  });

  test('before it has nodes has no logs, which is no second failure', async () => {
    using host = new KindHost();
    const ended = await host.run(['--up', '--down'], { FAKE_CREATE: 'early' });
    expect(ended.stderr).not.toContain('Not all cluster logs');
    expect(host.calls()).toEqual([CREATE, EXPORT, DELETE]);
  });

  test('is explained with a fix, also in junit', async () => {
    using host = new KindHost();
    const output = 'docker: Error response from daemon: no space left on device.';
    await host.run(['--up'], { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: output });
    expect(host.junit()).toMatch(/<failure message="the disk is full: free some space/);
    expect(host.junit()).toContain(output);
  });

  test('fails with a broken --config or --feature-gates before a build', async () => {
    using host = new KindHost();
    writeFileSync(join(host.dir, 'my.yaml'), 'a: [');
    for (const flag of ['--config=my.yaml', '--feature-gates=A:', '--config=-', '--nodes=2 --workers=5'])
      expect(await host.run(['--build', '--up', ...flag.split(' ')])).toMatchObject({ code: 2 });
    expect(host.calls()).toEqual([]);
  });
});

describe('readiness', () => {
  let pki: Pki;
  beforeAll(() => {
    pki = new Pki();
  });
  afterAll(() => pki[Symbol.dispose]());

  const node = (ready: string) => ({
    metadata: { name: 'kind-r1-control-plane' },
    status: { conditions: [{ type: 'Ready', status: ready, reason: 'KubeletNotReady', message: 'no network' }] },
  });

  test.each([
    { name: 'passes', ready: 'True', workers: '', code: 0 },
    { name: 'fails while a node is not Ready', ready: 'False', workers: '', code: 3 },
    { name: 'fails while a node is missing', ready: 'True', workers: 'worker', code: 3 },
  ])('$name', async ({ ready, workers, code }) => {
    using host = new KindHost();
    await using api = await serveApi(pki, (path) => {
      if (path === '/version') return { body: { gitVersion: 'v1.36.1' } };
      return { body: { items: path === '/api/v1/nodes' ? [node(ready)] : [] } };
    });
    const env = {
      FAKE_WORKERS: workers,
      FAKE_KUBECONFIG: host.kubeconfig(api.url, { 'certificate-authority': pki.path('ca.crt') }),
    };
    const ended = await host.run(['--up', `--wait=${code === 0 ? '1m' : '1s'}`], env);
    expect(ended.code).toBe(code);
    if (code === 0) return expect(host.text('artifacts/metadata.json')).toContain('"cluster-version": "v1.36.1"');
    expect(host.junit()).toContain('<testcase name="Readiness"');
    expect(host.junit()).toContain('cluster is not ready after 1s (--wait)');
    if (ready === 'False') expect(host.junit()).toContain('is not Ready (KubeletNotReady: no network)');
    return undefined;
  });
});

describe('the configuration of e2e-k8s.sh', () => {
  let pki: Pki;
  beforeAll(() => {
    pki = new Pki();
  });
  afterAll(() => pki[Symbol.dispose]());

  test.each([200, 404])('is applied to CoreDNS, and to kube-proxy if there is one (%i)', async (proxy) => {
    using host = new KindHost();
    await using api = await serveApi(pki, (path) => {
      if (path.endsWith('/kube-proxy')) return { status: proxy, body: {} };
      return { body: { data: { Corefile: 'loop' } } };
    });
    const env = { FAKE_KUBECONFIG: host.kubeconfig(api.url, { 'certificate-authority': pki.path('ca.crt') }) };
    const own = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {apiServerPort: 6443}\n';
    writeFileSync(join(host.dir, 'my.yaml'), own);
    const flags = ['--ip-family=ipv6', '--cluster-log-level=5', '--config=my.yaml'];
    const ended = await host.run(['--up', NO_WAIT, ...flags], env);
    expect(ended.code).toBe(0);
    expect(api.seen.map(({ call, path }) => `${call} ${path}`)).toEqual([
      'PATCH application/json-patch+json /apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy',
      'GET /api/v1/namespaces/kube-system/configmaps/coredns',
      'PATCH application/merge-patch+json /api/v1/namespaces/kube-system/configmaps/coredns',
    ]);
  });
});

describe('--build', () => {
  const built = 'kindest/node:r1';
  const make = (ginkgo: string) => `make all WHAT=cmd/kubectl test/e2e/e2e.test ${ginkgo}`;

  test('builds an image of this run and the test binaries, uses the image, and removes it with the cluster', async () => {
    using host = new KindHost();
    mkdirSync(join(host.dir, 'vendor/github.com/onsi/ginkgo/v2/ginkgo'), { recursive: true });
    expect(await host.run(['--build', '--up', '--down', NO_WAIT])).toMatchObject({ code: 0 });
    expect(host.calls()).toEqual([
      `kind build node-image --image ${built}`,
      make('vendor/github.com/onsi/ginkgo/v2/ginkgo'),
      `kind create cluster --name kind-r1 --image ${built} --kubeconfig rundir/r1/kubeconfig --retain`,
      EXPORT,
      DELETE,
    ]);
    for (const name of ['kubectl', 'e2e.test', 'ginkgo']) expect(host.exists(`rundir/r1/${name}`)).toBe(true);
    expect(host.dockerCalls()).toContain(`docker image rm ${built}`);
  });

  test('in a call of its own is used by a later --up of the run', async () => {
    using host = new KindHost();
    await host.run(['--build']);
    await host.run(['--up', NO_WAIT]);
    expect(host.calls().at(-1)).toContain(`--image ${built}`);
  });

  test('passes the flags of the original, and keeps the image of --image-name', async () => {
    using host = new KindHost();
    mkdirSync(join(host.dir, 'k8s/vendor/github.com/onsi/ginkgo/ginkgo'), { recursive: true });
    const flags = ['--kube-root=k8s', '--build-type=source', '--base-image=base:1', '--image-name=i:1', '--arch=arm64'];
    await host.run(['--build', '--up', '--down', NO_WAIT, ...flags]);
    expect(host.calls().slice(0, 2)).toEqual([
      'kind build node-image k8s --type source --base-image base:1 --image i:1 --arch arm64',
      make('vendor/github.com/onsi/ginkgo/ginkgo'),
    ]);
    expect(host.exists('k8s/_output/bin/ginkgo')).toBe(true);
    expect(host.dockerCalls().filter((call) => call.includes('image rm'))).toEqual([]);
  });

  test.each([
    [{}, []],
    // A sync that fails, so that this host keeps its page cache.
    [{ KUBETEST_IN_DOCKER: 'true' }, ['sync']],
  ])('frees memory only where e2e-k8s.sh does: with %j it calls %j', async (env, calls) => {
    using host = new KindHost();
    const dir = join(host.dir, 'first-on-path');
    mkdirSync(dir);
    writeFileSync(join(dir, 'sync'), '#!/bin/sh\necho sync >>$FAKE_STATE/calls\nexit 1\n', { mode: 0o755 });
    const PATH = [dir, dirname(kindFake), '/usr/bin', '/bin'].join(delimiter);
    expect(await host.run(['--build'], { PATH, ...env })).toMatchObject({ code: 0 });
    expect(host.calls().slice(2)).toEqual(calls);
  });

  test('fails at once when make does not create a binary', async () => {
    using host = new KindHost();
    const ended = await host.run(['--build', '--up'], { FAKE_MAKE_OMITS: 'ginkgo' });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('make did not create');
    expect(host.calls().some((call) => call.includes('create'))).toBe(false);
  });

  test('of a release needs no source tree', async () => {
    using host = new KindHost();
    await host.run(['--build', '--build-type=release', '--kube-root=v1.36.1']);
    expect(host.calls()).toEqual([`kind build node-image v1.36.1 --type release --image ${built}`]);
  });

  test('without a source tree names the flag for one', async () => {
    using host = new KindHost();
    const ended = await host.run(['--build'], { FAKE_BUILD: 'fails' });
    expect(ended.stderr).toContain('kind found no Kubernetes source tree: set --kube-root');
  });
});

describe('a daemon that is gone', () => {
  test('before Up is explained with a fix', async () => {
    using host = new KindHost();
    writeFileSync(join(host.state, 'docker-down'), '');
    const ended = await host.run(['--up', '--down']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('the container daemon does not respond at unix:///var/run/docker.sock: start it');
    expect(host.calls()).toEqual([]);
  });

  test('during the run fails Down, and a later --down of the run finishes', async () => {
    using host = new KindHost();
    const down = join(host.state, 'docker-down');
    const args = ['--up', '--down', NO_WAIT, '--test=exec', '--', 'touch', down];
    const ended = await host.run(args);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(
      /cannot delete kind cluster "kind-r1", it may still exist: the container daemon does not/,
    );
    rmSync(down);
    expect(await host.run(['--down'])).toMatchObject({ code: 0 });
    expect(host.clusters()).toEqual([]);
  });
});

test('--dry-run prints the commands and starts none', async () => {
  using host = new KindHost();
  const ended = await host.run(['--build', '--up', '--down', '--dry-run', '--workers=1']);
  expect(ended.stdout).toContain('kind build node-image --image kindest/node:r1');
  const config = join(host.artifacts, 'kind-config.yaml');
  expect(ended.stdout).toContain(`kind create cluster --name kind-r1 --image kindest/node:r1 --config ${config}`);
  expect(ended.stdout).toContain('kind delete cluster --name kind-r1');
  expect(host.calls()).toEqual([]);
  expect(host.exists('rundir')).toBe(false);
});

test('passes the variables of e2e-k8s.sh to the ginkgo tester, and flags take precedence', async () => {
  using host = new KindHost();
  const env = { FOCUS: '\\[sig-x\\]', SKIP: 'theirs', PARALLEL: 'true' };
  const ended = await host.run(['--up', '--test=ginkgo', '--dry-run', '--', '--skip-regex=mine'], env);
  expect(ended.stdout).toContain('--nodes=25');
  expect(ended.stdout).toContain("'--ginkgo.focus=\\[sig-x\\]'");
  expect(ended.stdout).toContain('--ginkgo.skip=mine');
});

test('--dry-run passes the future kubeconfig of the cluster to the tests', async () => {
  using host = new KindHost();
  const kubeconfig = join(host.rundir, 'r1/kubeconfig');
  for (const tester of [['ginkgo'], ['clusterloader2', '--repo-root=.', '--test-configs=c.yaml']]) {
    const [name = '', ...args] = tester;
    const { stdout } = await host.run(['--up', `--test=${name}`, '--dry-run', '--', ...args]);
    expect(stdout).toContain(` --kubeconfig=${kubeconfig} `);
    expect(stdout).toContain(`\n  KUBECONFIG=${kubeconfig}\n`);
  }
});
