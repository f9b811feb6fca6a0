import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kindFake, Machine } from '../../../helpers/kind-machine.ts';
import { Pki, serveApi } from '../../../helpers/servers/kube-api.ts';

/** These do not wait for a cluster that answers. */
const NO_WAIT = '--wait=0';
const CREATE = 'kind create cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig --retain';
const DELETE = 'kind delete cluster --name kind-r1 --kubeconfig rundir/r1/kubeconfig';
const EXPORT = 'kind export logs --name kind-r1 artifacts/logs';

describe('a whole run', () => {
  test('creates, tests with a kubeconfig of its own, saves the logs and deletes', async () => {
    using machine = new Machine();
    const words = ['--up', '--down', NO_WAIT, '--test=exec', '--', 'sh', '-c'];
    const script = 'echo $KUBECONFIG $KIND_CLUSTER_NAME && cat $KUBECONFIG';
    const ended = await machine.run([...words, script]);
    expect(ended).toMatchObject({ code: 0 });
    expect(ended.stdout).toContain(`${machine.rundir}/r1/kubeconfig kind-r1`);
    expect(ended.stdout).toContain('"current-context":"kind-kind-r1"');
    expect(machine.calls()).toEqual([CREATE, EXPORT, DELETE]);
    expect(machine.text('artifacts/logs/journal.log')).toBe('booted\n');
    expect(machine.clusters()).toEqual([]);
    expect(machine.exists('.kube')).toBe(false);
  });

  test('removes the network that kind made for it, and leaves one that was there', async () => {
    using machine = new Machine();
    await machine.run(['--up', '--down', NO_WAIT]);
    expect(machine.exists('state/network')).toBe(false);
    writeFileSync(join(machine.state, 'network'), '');
    await machine.run(['--up', '--down', NO_WAIT], { PROW_JOB_ID: 'r2' });
    expect(machine.exists('state/network')).toBe(true);
  });

  test('leaves the network to a cluster that joined it', async () => {
    using machine = new Machine();
    await machine.run(['--up', NO_WAIT]);
    writeFileSync(join(machine.state, 'clusters', 'other'), 'id-9 other-control-plane\n');
    expect(await machine.run(['--down'])).toMatchObject({ code: 0 });
    expect(machine.exists('state/network')).toBe(true);
    expect(machine.clusters()).toEqual(['other']);
  });
});

describe('what reaches kind', () => {
  test('the flags of the original, and only they, beside the kubeconfig and --retain', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.folder, 'my.yaml'), 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n');
    const flags = ['--cluster-name=mine', '--image-name=img:1', '--config=my.yaml', '--kubeconfig=k/config'];
    mkdirSync(join(machine.folder, 'k'));
    await machine.run(['--up', '--down', NO_WAIT, ...flags]);
    expect(machine.calls()).toEqual([
      'kind create cluster --name mine --image img:1 --config my.yaml --kubeconfig k/config --retain',
      'kind export logs --name mine artifacts/logs',
      'kind delete cluster --name mine --kubeconfig k/config',
    ]);
    expect(machine.text('artifacts/kind-config.yaml')).toContain('kind: Cluster');
  });

  test('images and archives to load', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.folder, 'some.tar'), '');
    const flags = ['--load-image=a:1', '--load-image=some.tar', '--load-image=b:2'];
    await machine.run(['--up', NO_WAIT, ...flags]);
    expect(machine.calls().slice(1)).toEqual([
      'kind load docker-image a:1 b:2 --name kind-r1',
      'kind load image-archive some.tar --name kind-r1',
    ]);
  });

  test('no archive that is not there, and so no cluster either', async () => {
    using machine = new Machine();
    const ended = await machine.run(['--up', NO_WAIT, '--load-image=some.tar']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/--load-image: there is no archive \S+\/some\.tar that can be read/);
    expect(machine.calls()).toEqual([]);
  });

  test('the provider that was chosen, and none when none was', async () => {
    using machine = new Machine();
    await machine.run(['--up', '--down', NO_WAIT]);
    await machine.run(['--up', '--down', NO_WAIT, '--provider=docker']);
    const lines = machine.text('state/kind-env').trimEnd().split('\n');
    expect(lines).toEqual([...Array(3).fill('provider='), ...Array(3).fill('provider=docker')]);
  });

  test('a configuration made of the variables of e2e-k8s.sh, merged with --config, whose keys win', async () => {
    using machine = new Machine();
    const own =
      'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nfeatureGates: {B: false}\nnetworking: {apiServerPort: 6443}\n';
    writeFileSync(join(machine.folder, 'my.yaml'), own);
    const env = {
      FEATURE_GATES: '{"A": true, "B": true}',
      RUNTIME_CONFIG: '{"api/beta":"true"}',
      KUBE_PROXY_MODE: 'nftables',
    };
    await machine.run(['--up', NO_WAIT, '--config=my.yaml', '--workers=2'], env);
    expect(machine.calls()[0]).toContain('--config artifacts/kind-config.yaml');
    const config = parse(machine.text('state/config'));
    expect(config).toEqual({
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      networking: { kubeProxyMode: 'nftables', apiServerPort: 6443 },
      nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
      featureGates: { A: true, B: false },
      runtimeConfig: { 'api/beta': 'true' },
    });
    expect(parse(machine.text('artifacts/kind-config.yaml'))).toEqual(config);
  });
});

describe('without docker', () => {
  const providers = (machine: Machine) => new Set(machine.dockerCalls().map((call) => call.split(' ')[0]));

  test.each([
    [['podman', 'finch', 'nerdctl'], 'nerdctl'],
    [['podman', 'finch'], 'finch'],
    [['podman'], 'podman'],
  ])('of %j kind is told to take %s, and so are we', async (installed, chosen) => {
    using machine = new Machine();
    const PATH = machine.withProviders(...installed);
    expect(await machine.run(['--up', '--down', NO_WAIT], { PATH })).toMatchObject({ code: 0 });
    expect(providers(machine)).toEqual(new Set([chosen]));
    expect(new Set(machine.text('state/kind-env').trimEnd().split('\n'))).toEqual(new Set([`provider=${chosen}`]));
    expect(machine.clusters()).toEqual([]);
    expect(machine.exists('state/network')).toBe(false);
  });

  test('images are saved by the provider, since kind would ask docker for them', async () => {
    using machine = new Machine();
    const PATH = machine.withProviders('podman');
    writeFileSync(join(machine.folder, 'c.tar'), '');
    const flags = ['--load-image=a:1', '--load-image=b:2', '--load-image=c.tar'];
    expect(await machine.run(['--up', NO_WAIT, ...flags], { PATH })).toMatchObject({ code: 0 });
    expect(machine.dockerCalls().filter((call) => call.includes(' save '))).toEqual([
      'podman save -o rundir/r1/image-0.tar a:1',
      'podman save -o rundir/r1/image-1.tar b:2',
    ]);
    expect(machine.calls().slice(1)).toEqual([
      'kind load image-archive rundir/r1/image-0.tar --name kind-r1',
      'kind load image-archive rundir/r1/image-1.tar --name kind-r1',
      'kind load image-archive c.tar --name kind-r1',
    ]);
    const shown = await machine.run(['--up', ...flags, '--dry-run'], { PATH, PROW_JOB_ID: 'r2' });
    expect(shown.stdout).toContain('rundir/r2/image-0.tar a:1');
  });
});

describe('a later call', () => {
  test('goes to the provider that has the cluster, whatever is on PATH then', async () => {
    using machine = new Machine();
    const PATH = machine.withProviders('docker', 'podman');
    expect(await machine.run(['--up', NO_WAIT, '--provider=podman'], { PATH })).toMatchObject({ code: 0 });
    expect(await machine.run(['--down'], { PATH })).toMatchObject({ code: 0 });
    expect(machine.dockerCalls().filter((call) => !call.startsWith('podman '))).toEqual([]);
    expect(machine.text('state/kind-env')).not.toContain('provider=\n');
    expect(machine.clusters()).toEqual([]);
  });

  test('names no other provider', async () => {
    using machine = new Machine();
    await machine.run(['--up', NO_WAIT]);
    const ended = await machine.run(['--down', '--provider=podman']);
    expect(ended).toMatchObject({ code: 2 });
    expect(ended.stderr).toContain('--provider: that of the cluster of run r1 is docker');
    expect(machine.clusters()).toEqual(['kind-r1']);
  });

  test('takes the kind that made the cluster, though another is on PATH or none', async () => {
    using machine = new Machine();
    const PATH = machine.withoutKind();
    const mine = join(machine.folder, 'my-kind');
    writeFileSync(mine, `#!/bin/sh\necho mine >>$FAKE_STATE/mine\nexec ${kindFake} "$@"\n`, { mode: 0o755 });
    await machine.run(['--up', NO_WAIT, '--kind-version=./my-kind'], { PATH });
    expect(await machine.run(['--down'])).toMatchObject({ code: 0 });
    expect(machine.text('state/mine')).toBe('mine\n'.repeat(3));
    expect(machine.clusters()).toEqual([]);
  });
});

describe('what belongs to somebody else', () => {
  test('a cluster of the same name is neither used nor deleted', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.state, 'clusters', 'mine'), 'id-9 mine-control-plane\n');
    const ended = await machine.run(['--up', '--down', '--cluster-name=mine']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('there is a kind cluster named mine, which this run did not make');
    expect(machine.clusters()).toEqual(['mine']);
    expect(machine.calls()).toEqual([]);
  });

  test('a cluster that took the name between our look and our create is left alone', async () => {
    using machine = new Machine();
    const says = 'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "kind-r1"';
    const ended = await machine.run(['--up', '--down', NO_WAIT], { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: says });
    expect(ended.code).toBe(3);
    expect(machine.junit()).toContain('a kind cluster named kind-r1 is there already and was left alone');
    expect(machine.calls()).toEqual([CREATE]);
  });

  test('a cluster that was replaced by another of its name is left alone', async () => {
    using machine = new Machine();
    await machine.run(['--up', NO_WAIT]);
    writeFileSync(join(machine.state, 'clusters', 'kind-r1'), 'id-0 kind-r1-control-plane\n');
    const ended = await machine.run(['--down']);
    expect(ended.stderr).toContain('is not the one this run made; it is left alone');
    expect(machine.calls()).not.toContain(DELETE);
    expect(machine.clusters()).toEqual(['kind-r1']);
  });

  test('--down of a run that made nothing deletes nothing, least of all the cluster called kind', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.state, 'clusters', 'kind'), 'id-9 kind-control-plane\n');
    await machine.run(['--down']);
    expect(machine.calls()).toEqual([]);
    expect(machine.clusters()).toEqual(['kind']);
  });

  test('--down with nothing to go on, and --test of a run without a cluster, say what is missing', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.state, 'clusters', 'kind'), 'id-9 kind-control-plane\n');
    const down = await machine.run(['--down'], { PROW_JOB_ID: '' });
    expect(down.code).toBe(2);
    expect(down.stderr).toContain('--down: there is no run that has a kind cluster; name it with --run-id');
    const tested = await machine.run(['--test=exec', '--', 'touch', 'tested']);
    expect(tested.code).toBe(3);
    expect(tested.stderr).toContain('run r1 has no kind cluster: give --up, --run-id of the run that has one');
    expect(machine.exists('tested')).toBe(false);
    expect(machine.calls()).toEqual([]);
  });

  test('--down with a name of its own takes that cluster', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.state, 'clusters', 'mine'), 'id-9 mine-control-plane\n');
    expect(await machine.run(['--down', '--cluster-name=mine'])).toMatchObject({ code: 0 });
    expect(machine.clusters()).toEqual([]);
  });
});

test('a run that has a cluster takes no other name', async () => {
  using machine = new Machine();
  await machine.run(['--up', NO_WAIT]);
  expect(await machine.run(['--down', '--cluster-name=other'])).toMatchObject({ code: 2 });
  expect(machine.clusters()).toEqual(['kind-r1']);
});

test('a lock that a killed kind left beside the kubeconfig of the run is removed, one beside another file is not', async () => {
  using machine = new Machine();
  await machine.run(['--up', NO_WAIT]);
  writeFileSync(join(machine.rundir, 'r1/kubeconfig.lock'), '');
  writeFileSync(join(machine.folder, 'mine.lock'), '');
  await machine.run(['--down']);
  await machine.run(['--up', NO_WAIT, '--kubeconfig=mine']);
  await machine.run(['--down']);
  expect(machine.exists('rundir/r1/kubeconfig.lock')).toBe(false);
  expect(machine.exists('mine.lock')).toBe(true);
});

describe('--up, --test and --down in three calls', () => {
  test('are one run: cluster, kubeconfig and build come from its state', async () => {
    using machine = new Machine();
    const env = { PROW_JOB_ID: '' };
    await machine.run(['--up', NO_WAIT], env);
    const [cluster = ''] = machine.clusters();
    expect(cluster).toMatch(/^kind-[0-9a-f]{8}-[0-9a-f]{4}$/);
    const tested = await machine.run(['--test=exec', '--', 'sh', '-c', 'cat $KUBECONFIG'], env);
    expect(tested.stdout).toContain(`"current-context":"kind-${cluster}"`);
    expect(await machine.run(['--down'], env)).toMatchObject({ code: 0 });
    expect(machine.clusters()).toEqual([]);
  });

  test('a kubeconfig whose current context became another is refused', async () => {
    using machine = new Machine();
    await machine.run(['--up', NO_WAIT]);
    const path = 'rundir/r1/kubeconfig';
    writeFileSync(join(machine.folder, path), machine.text(path).replaceAll('kind-kind-r1', 'production'));
    const ended = await machine.run(['--test=exec', '--', 'touch', 'tested']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('is production, not kind-kind-r1');
    expect(machine.exists('tested')).toBe(false);
  });
});

describe('a cluster that does not come up', () => {
  test('gives its logs and is deleted by --up alone, as kind would have done', async () => {
    using machine = new Machine();
    expect(await machine.run(['--up'], { FAKE_CREATE: 'fails' })).toMatchObject({ code: 3 });
    expect(machine.calls()).toEqual([CREATE, EXPORT, DELETE]);
  });

  test.each(['--retain', '--down=never', '--down=on-success'])('stays with %s', async (flag) => {
    using machine = new Machine();
    await machine.run(['--up', flag], { FAKE_CREATE: 'fails' });
    expect(machine.clusters()).toEqual(['kind-r1']);
    await machine.run(['--down']);
    expect(machine.clusters()).toEqual([]);
  });

  test('before it had a node gives no logs, and that is no second failure', async () => {
    using machine = new Machine();
    const ended = await machine.run(['--up', '--down'], { FAKE_CREATE: 'early' });
    expect(ended.stderr).not.toContain('logs could not');
    expect(machine.calls()).toEqual([CREATE, EXPORT, DELETE]);
  });

  test('is told apart by its remedy, in junit too', async () => {
    using machine = new Machine();
    const says = 'docker: Error response from daemon: no space left on device.';
    await machine.run(['--up'], { FAKE_CREATE: 'fails', FAKE_CREATE_SAYS: says });
    expect(machine.junit()).toMatch(/<failure message="the disk is full: free some space/);
    expect(machine.junit()).toContain(says);
  });

  test('fails with a broken --config or --feature-gates before a build', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.folder, 'my.yaml'), 'a: [');
    for (const flag of ['--config=my.yaml', '--feature-gates=A:', '--config=-', '--nodes=2 --workers=5'])
      expect(await machine.run(['--build', '--up', ...flag.split(' ')])).toMatchObject({ code: 2 });
    expect(machine.calls()).toEqual([]);
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
    using machine = new Machine();
    await using api = await serveApi(pki, (path) => {
      if (path === '/version') return { body: { gitVersion: 'v1.36.1' } };
      return { body: { items: path === '/api/v1/nodes' ? [node(ready)] : [] } };
    });
    const env = {
      FAKE_WORKERS: workers,
      FAKE_KUBECONFIG: machine.kubeconfig(api.url, { 'certificate-authority': pki.path('ca.crt') }),
    };
    const ended = await machine.run(['--up', `--wait=${code === 0 ? '1m' : '1s'}`], env);
    expect(ended.code).toBe(code);
    if (code === 0) return expect(machine.text('artifacts/metadata.json')).toContain('"cluster-version": "v1.36.1"');
    expect(machine.junit()).toContain('<testcase name="Readiness"');
    expect(machine.junit()).toContain('the cluster was not ready within 1s (--wait)');
    if (ready === 'False') expect(machine.junit()).toContain('is not Ready (KubeletNotReady: no network)');
    return undefined;
  });
});

describe('what e2e-k8s.sh does to a new cluster', () => {
  let pki: Pki;
  beforeAll(() => {
    pki = new Pki();
  });
  afterAll(() => pki[Symbol.dispose]());

  test.each([200, 404])('is done to CoreDNS, and to kube-proxy where there is one (%i)', async (proxy) => {
    using machine = new Machine();
    await using api = await serveApi(pki, (path) => {
      if (path.endsWith('/kube-proxy')) return { status: proxy, body: {} };
      return { body: { data: { Corefile: 'loop' } } };
    });
    const env = { FAKE_KUBECONFIG: machine.kubeconfig(api.url, { 'certificate-authority': pki.path('ca.crt') }) };
    const own = 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {apiServerPort: 6443}\n';
    writeFileSync(join(machine.folder, 'my.yaml'), own);
    const flags = ['--ip-family=ipv6', '--cluster-log-level=5', '--config=my.yaml'];
    const ended = await machine.run(['--up', NO_WAIT, ...flags], env);
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

  test('makes an image of this run and the test binaries, takes the image up, and removes it with the cluster', async () => {
    using machine = new Machine();
    mkdirSync(join(machine.folder, 'vendor/github.com/onsi/ginkgo/v2/ginkgo'), { recursive: true });
    expect(await machine.run(['--build', '--up', '--down', NO_WAIT])).toMatchObject({ code: 0 });
    expect(machine.calls()).toEqual([
      `kind build node-image --image ${built}`,
      make('vendor/github.com/onsi/ginkgo/v2/ginkgo'),
      `kind create cluster --name kind-r1 --image ${built} --kubeconfig rundir/r1/kubeconfig --retain`,
      EXPORT,
      DELETE,
    ]);
    for (const name of ['kubectl', 'e2e.test', 'ginkgo']) expect(machine.exists(`rundir/r1/${name}`)).toBe(true);
    expect(machine.dockerCalls()).toContain(`docker image rm ${built}`);
  });

  test('in a call of its own is what a later --up of the run takes', async () => {
    using machine = new Machine();
    await machine.run(['--build']);
    await machine.run(['--up', NO_WAIT]);
    expect(machine.calls().at(-1)).toContain(`--image ${built}`);
  });

  test('passes the flags of the original, and keeps an image that was named', async () => {
    using machine = new Machine();
    mkdirSync(join(machine.folder, 'k8s/vendor/github.com/onsi/ginkgo/ginkgo'), { recursive: true });
    const flags = ['--kube-root=k8s', '--build-type=source', '--base-image=base:1', '--image-name=i:1', '--arch=arm64'];
    await machine.run(['--build', '--up', '--down', NO_WAIT, ...flags]);
    expect(machine.calls().slice(0, 2)).toEqual([
      'kind build node-image k8s --type source --base-image base:1 --image i:1 --arch arm64',
      make('vendor/github.com/onsi/ginkgo/ginkgo'),
    ]);
    expect(machine.exists('k8s/_output/bin/ginkgo')).toBe(true);
    expect(machine.dockerCalls().filter((call) => call.includes('image rm'))).toEqual([]);
  });

  test.each([
    [{}, []],
    // A sync that fails, so that this machine keeps its page cache.
    [{ KUBETEST_IN_DOCKER: 'true' }, ['sync']],
  ])('gives memory back only where e2e-k8s.sh did: with %j it calls %j', async (env, calls) => {
    using machine = new Machine();
    const folder = join(machine.folder, 'first-on-path');
    mkdirSync(folder);
    writeFileSync(join(folder, 'sync'), '#!/bin/sh\necho sync >>$FAKE_STATE/calls\nexit 1\n', { mode: 0o755 });
    const PATH = [folder, dirname(kindFake), '/usr/bin', '/bin'].join(delimiter);
    expect(await machine.run(['--build'], { PATH, ...env })).toMatchObject({ code: 0 });
    expect(machine.calls().slice(2)).toEqual(calls);
  });

  test('fails at once when make leaves something out', async () => {
    using machine = new Machine();
    const ended = await machine.run(['--build', '--up'], { FAKE_MAKE_OMITS: 'ginkgo' });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('make passed without making');
    expect(machine.calls().some((call) => call.includes('create'))).toBe(false);
  });

  test('of a release needs no source tree', async () => {
    using machine = new Machine();
    await machine.run(['--build', '--build-type=release', '--kube-root=v1.36.1']);
    expect(machine.calls()).toEqual([`kind build node-image v1.36.1 --type release --image ${built}`]);
  });

  test('without a source tree says how to name one', async () => {
    using machine = new Machine();
    const ended = await machine.run(['--build'], { FAKE_BUILD: 'fails' });
    expect(ended.stderr).toContain('kind finds no Kubernetes source: name it with --kube-root');
  });
});

describe('a daemon that is gone', () => {
  test('before Up is told with its remedy', async () => {
    using machine = new Machine();
    writeFileSync(join(machine.state, 'docker-down'), '');
    const ended = await machine.run(['--up', '--down']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('the container daemon does not answer at unix:///var/run/docker.sock: start it');
    expect(machine.calls()).toEqual([]);
  });

  test('in mid-run fails Down, which a later --down of the run makes good', async () => {
    using machine = new Machine();
    const down = join(machine.state, 'docker-down');
    const words = ['--up', '--down', NO_WAIT, '--test=exec', '--', 'touch', down];
    const ended = await machine.run(words);
    expect(ended.code).toBe(4);
    expect(ended.stderr).toMatch(
      /the kind cluster kind-r1 could not be removed and may still be there: the container daemon does not/,
    );
    rmSync(down);
    expect(await machine.run(['--down'])).toMatchObject({ code: 0 });
    expect(machine.clusters()).toEqual([]);
  });
});

test('--dry-run shows the commands and starts none', async () => {
  using machine = new Machine();
  const ended = await machine.run(['--build', '--up', '--down', '--dry-run', '--workers=1']);
  expect(ended.stdout).toContain('kind build node-image --image kindest/node:r1');
  const config = join(machine.artifacts, 'kind-config.yaml');
  expect(ended.stdout).toContain(`kind create cluster --name kind-r1 --image kindest/node:r1 --config ${config}`);
  expect(ended.stdout).toContain('kind delete cluster --name kind-r1');
  expect(machine.calls()).toEqual([]);
  expect(machine.exists('rundir')).toBe(false);
});

test('the variables of e2e-k8s.sh reach the ginkgo tester, and what is typed wins', async () => {
  using machine = new Machine();
  const env = { FOCUS: '\\[sig-x\\]', SKIP: 'theirs', PARALLEL: 'true' };
  const ended = await machine.run(['--up', '--test=ginkgo', '--dry-run', '--', '--skip-regex=mine'], env);
  expect(ended.stdout).toContain('--nodes=25');
  expect(ended.stdout).toContain("'--ginkgo.focus=\\[sig-x\\]'");
  expect(ended.stdout).toContain('--ginkgo.skip=mine');
});

test('--dry-run tells the tests of the kubeconfig that the cluster will have', async () => {
  using machine = new Machine();
  const kubeconfig = join(machine.rundir, 'r1/kubeconfig');
  for (const tester of [['ginkgo'], ['clusterloader2', '--repo-root=.', '--test-configs=c.yaml']]) {
    const [name = '', ...words] = tester;
    const { stdout } = await machine.run(['--up', `--test=${name}`, '--dry-run', '--', ...words]);
    expect(stdout).toContain(` --kubeconfig=${kubeconfig} `);
    expect(stdout).toContain(`\n  KUBECONFIG=${kubeconfig}\n`);
  }
});
