import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { clusterIpRange } from '../../../../deployers/gce/environment.ts';
import { api, CLIENT, Cloud, NAME, RUN, releases, unstage } from '../../../helpers/gce-project.ts';
import { FakeBoskos } from '../../../helpers/servers/boskos.ts';

// Each test is several runs of the program with some forty processes.
vi.setConfig({ testTimeout: 90_000 });

let server: Awaited<ReturnType<typeof releases>>;
beforeAll(async () => {
  server = await releases();
});
afterAll(() => server.close());

const here = ['--repo-root=kubernetes-tree', '--gcp-project=p-1', '--ready-timeout=0'];
const version = () => `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
const up = () => ['--up', version(), ...here];

const OPEN = `gcloud compute firewall-rules create --project p-1 --target-tags ${NAME}-minion --allow tcp:30000-32767,udp:30000-32767 --network ${NAME} ${NAME}-minion-nodeports --quiet`;
const CLOSE = `gcloud compute firewall-rules delete --project p-1 --quiet ${NAME}-minion-nodeports`;
const UNSTAGE = unstage('p-1');
const LOGS = ['log-dump artifacts/cluster-logs', 'kubectl cluster-info dump --request-timeout=60s'];

describe('a whole run', () => {
  test('calls the scripts in order, leaves nothing, and passes the cluster to the tests', async () => {
    using cloud = new Cloud();
    const { code, stderr } = await cloud.run(
      ...up(),
      '--env=REGION=us-central1',
      ...['--down', '--test=exec', '--', 'sh', '-c', 'env >from-tests'],
    );
    expect(code, stderr).toBe(0);
    expect(cloud.calls()).toEqual(['get-kube', 'kube-up', OPEN, ...LOGS, 'kube-down', CLOSE, UNSTAGE]);
    expect(cloud.table).toEqual([]);
    expect(cloud.sandbox.read('artifacts/cluster-logs/serial.log')).toBe('booted\n');
    expect(cloud.sandbox.read('artifacts/cluster-logs/cluster-info.log')).toContain('List');
    const seen = cloud.sandbox.read('from-tests').split('\n');
    const told = ['PROJECT=p-1', 'KUBE_GCE_ZONE=us-central1-b', `KUBE_GCE_NETWORK=${NAME}`];
    const also = ['NUM_NODES=3', `INSTANCE_PREFIX=${NAME}`, 'KUBERNETES_PROVIDER=gce', 'REGION=us-central1'];
    for (const line of [...told, ...also]) expect(seen).toContain(line);
    expect(seen.find((line) => line.startsWith('KUBECONFIG='))).toMatch(`rundir/${RUN}/kubetest2-kubeconfig`);
    expect(cloud.junit()).toMatch(/name="LeakCheck"[^>]*\/>/);
    expect(cloud.facts()['gce-cluster']).toBeUndefined();
  });

  test('--up, --test and --down in three calls need nothing repeated', async () => {
    using cloud = new Cloud();
    delete cloud.sandbox.env['PROW_JOB_ID'];
    expect(await cloud.run(...up(), '--gcp-zone=europe-west1-b', '--env=A_B=c')).toMatchObject({ code: 0 });
    const tests = await cloud.run('--test=exec', '--', 'sh', '-c', 'echo $PROJECT $KUBE_GCE_ZONE');
    expect(tests.stdout).toContain('p-1 europe-west1-b');
    expect(await cloud.run('--down')).toMatchObject({ code: 0 });
    expect(cloud.calls('kube-down')).toHaveLength(1);
    expect(cloud.envOf('kube-down')).toMatchObject({ PROJECT: 'p-1', KUBE_GCE_ZONE: 'europe-west1-b', A_B: 'c' });
    expect(cloud.envOf('kube-down')['KUBE_GCE_INSTANCE_PREFIX']).toBe(
      cloud.envOf('kube-up')['KUBE_GCE_INSTANCE_PREFIX'],
    );
    expect(cloud.table).toEqual([]);
  });
});

describe('tests without --up', () => {
  const print = ['--test=exec', '--', 'sh', '-c', 'echo "on $KUBECONFIG"'];

  test('run on the cluster of $KUBECONFIG, again with the same run ID, and no script is started', async () => {
    using cloud = new Cloud({ KUBECONFIG: 'others' });
    writeFileSync(join(cloud.sandbox.dir, 'others'), '{}');
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await cloud.run('--repo-root=kubernetes-tree', ...print);
      expect([code, stdout], stderr).toEqual([0, `on ${join(cloud.sandbox.dir, 'others')}\n`]);
    }
    expect(cloud.allCalls()).toEqual([]);
  });

  test('run on the cluster of --kubeconfig', async () => {
    using cloud = new Cloud({ KUBECONFIG: 'others' });
    writeFileSync(join(cloud.sandbox.dir, 'mine'), '{}');
    const { code, stdout } = await cloud.run('--kubeconfig=mine', ...print);
    expect([code, stdout]).toEqual([0, `on ${join(cloud.sandbox.dir, 'mine')}\n`]);
  });

  test('fail without any kubeconfig, with the way out', async () => {
    using cloud = new Cloud();
    const { code, stderr } = await cloud.run(...print);
    expect(code).toBe(3);
    expect(stderr).toMatch(/kubeconfig \S+ does not exist: .* --up, or set --kubeconfig or \$KUBECONFIG/);
  });
});

describe('the environment of the scripts', () => {
  test('has the value of the environment for --env=NAME, commas and quotes included', async () => {
    using cloud = new Cloud({ NODE_SIZE: 'e2-standard-8', INGRESS_YAML: 'a: "1", c,d' });
    const names = ['--env=NODE_SIZE', '--env=INGRESS_YAML', '--env=NOT_SET'];
    const { code, stderr } = await cloud.run(...up(), ...names);
    expect(code, stderr).toBe(0);
    expect(cloud.envOf('kube-up')).toMatchObject({ NODE_SIZE: 'e2-standard-8', INGRESS_YAML: 'a: "1", c,d' });
    expect(cloud.envOf('kube-up')).not.toHaveProperty('NOT_SET');
    expect(stderr).toContain('Leaving out --env=NOT_SET: NOT_SET is not set in the environment');
  });

  test('is listed by --dry-run, secrets masked', async () => {
    using cloud = new Cloud({ NODE_SIZE: 'e2-standard-8', REGISTRY_PASSWORD: 'hunter2hunter2' });
    const words = ['--env=NODE_SIZE', '--env=REGISTRY_PASSWORD', '--num-nodes=7', '--dry-run'];
    const { code, stdout } = await cloud.run(...up(), ...words);
    expect(code).toBe(0);
    expect(stdout).toContain('  NODE_SIZE=e2-standard-8\n');
    expect(stdout).toContain('  NUM_NODES=7\n');
    expect(stdout).toContain('  REGISTRY_PASSWORD=***\n');
    expect(stdout).not.toContain('hunter2');
  });

  test('has the variables of kubetest2, and otherwise only what credentials and proxies need', async () => {
    using cloud = new Cloud({
      HTTPS_PROXY: 'http://proxy',
      GOOGLE_APPLICATION_CREDENTIALS: '/c',
      CLOUDSDK_CONFIG: '/g',
      NODE_SIZE: 'of the job',
    });
    await cloud.run(...up());
    const env = cloud.envOf('kube-up');
    expect(env).toMatchObject({
      USER: 'prow',
      PROJECT: 'p-1',
      KUBE_GCE_ZONE: '',
      KUBECONFIG: join(cloud.sandbox.dir, 'rundir', RUN, 'kubetest2-kubeconfig'),
      KUBE_GCE_INSTANCE_PREFIX: NAME,
      KUBE_GCE_NETWORK: NAME,
      NETWORK: NAME,
      NUM_NODES: '3',
      CLUSTER_IP_RANGE: '10.64.0.0/14',
      NODE_ACCELERATORS: '',
      KUBECTL_PATH: join(cloud.sandbox.bin, 'kubectl'),
      KUBE_CONFIG_FILE: 'config-test.sh',
      KUBE_BUILD_PLATFORMS: 'linux/amd64',
      KUBERNETES_RELEASE: 'v1.36.1',
      KUBERNETES_RELEASE_URL: `${server.url}/release`,
      HOME: join(cloud.sandbox.dir, 'home'),
      HTTPS_PROXY: 'http://proxy',
      GOOGLE_APPLICATION_CREDENTIALS: '/c',
      CLOUDSDK_CONFIG: '/g',
    });
    expect(env).not.toHaveProperty('NODE_SIZE');
    expect(env).not.toHaveProperty('KUBE_RUNTIME_CONFIG');
  });

  test('has the variables of the flags, those of --env last', async () => {
    using cloud = new Cloud({ USER: 'root' });
    const words: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      '--num-nodes=4001': { CLUSTER_IP_RANGE: '10.64.0.0/11' },
      '--enable-cache-mutation-detector': { ENABLE_CACHE_MUTATION_DETECTOR: 'true' },
      '--enable-pod-security-policy': { ENABLE_POD_SECURITY_POLICY: 'true' },
      '--create-custom-network': { CREATE_CUSTOM_NETWORK: 'true' },
      '--runtime-config=api/all=true': { KUBE_RUNTIME_CONFIG: 'api/all=true' },
      '--feature-gates=A=true,B=false': { KUBE_FEATURE_GATES: 'A=true,B=false' },
      '--node-accelerators=type=nvidia-l4,count=2': { NODE_ACCELERATORS: 'type=nvidia-l4,count=2' },
      '--node-scopes=s': { NODE_SCOPES: 's' },
      '--node-service-account=a': { KUBE_GCE_NODE_SERVICE_ACCOUNT: 'a' },
      '--cloud-provider=external': { CLOUD_PROVIDER_FLAG: 'external' },
      '--ingress-gce-image=i': { GCE_GLBC_IMAGE: 'i' },
      '--master-size=m': { MASTER_SIZE: 'm' },
      '--target-build-arch=linux/arm64': { KUBE_BUILD_PLATFORMS: 'linux/arm64' },
      '--node-size=n': {},
      '--env=C_D=1,E=x=y': { C_D: '1', E: 'x=y' },
      '--env="TYPES=type=x,count=2"': { TYPES: 'type=x,count=2' },
      '--env=NODE_SIZE=late,NUM_NODES=7': { NODE_SIZE: 'late', NUM_NODES: '7' },
    };
    await cloud.run('--down', ...Object.keys(words), ...here);
    // Instances on GCE reject root.
    expect(cloud.envOf('kube-down')).toMatchObject(Object.assign({ USER: 'kubetest2' }, ...Object.values(words)));
  });

  test.each([
    [1000, 14],
    [1001, 13],
    [2001, 12],
    [4001, 11],
  ])('sets the IP range of a cluster: %i nodes, /%i', (nodes, bits) => {
    expect(clusterIpRange(nodes)).toBe(`10.64.0.0/${bits}`);
  });
});

describe('the release', () => {
  const sumOf = (bytes: string | Buffer = '') => createHash('sha256').update(bytes).digest('hex');
  const at = (name: string) => `/release/v1.36.1/${name}.tar.gz`;

  test('is verified: get-kube.sh gets only what was downloaded for it', async () => {
    using cloud = new Cloud();
    const before = server.requested.length;
    expect(await cloud.run(...up())).toMatchObject({ code: 0 });
    const names = ['kubernetes', `kubernetes-${CLIENT}`, 'kubernetes-server-linux-amd64'];
    const got = readFileSync(join(cloud.state, 'got-kube'), 'utf8').trimEnd().split('\n');
    expect(new Set(got)).toEqual(new Set(names.map((name) => `${sumOf(server.answers[at(name)])}  ${name}.tar.gz`)));
    const asked = server.requested.slice(before).filter((path) => path.endsWith('.tar.gz'));
    expect(new Set(asked)).toEqual(new Set(names.map(at)));
    expect(cloud.sandbox.has(`rundir/${RUN}/release`)).toBe(false);
    expect(JSON.parse(cloud.sandbox.read('artifacts/metadata.json'))).toMatchObject({ 'cluster-version': 'v1.36.1' });
  });

  test('is rejected before anything is created when the checksum of a package does not match', async () => {
    using cloud = new Cloud();
    const path = at('kubernetes-server-linux-arm64');
    Object.assign(server.answers, { [path]: 'damaged', [`${path}.sha512`]: '0'.repeat(128) });
    const { code, stderr } = await cloud.run(...up(), '--down', '--target-build-arch=linux/arm64');
    expect(code).toBe(3);
    expect(stderr).toContain('kubernetes-server-linux-arm64.tar.gz');
    expect(stderr).toContain('sha512');
    expect(cloud.allCalls()).toEqual([]);
  });

  test('has the tests and the binaries of other nodes when --env sets their variables', async () => {
    using cloud = new Cloud();
    const more = ['node-windows-amd64', 'test-linux-amd64', 'test-portable', 'test-windows-amd64'];
    Object.assign(server.answers, Object.fromEntries(more.map((part) => [at(`kubernetes-${part}`), part])));
    const before = server.requested.length;
    const env = '--env=KUBERNETES_DOWNLOAD_TESTS=y,KUBERNETES_NODE_PLATFORM=windows';
    expect(await cloud.run(...up(), env)).toMatchObject({ code: 0 });
    expect(server.requested.slice(before)).toEqual(
      expect.arrayContaining(more.map((part) => at(`kubernetes-${part}`))),
    );
    expect(cloud.envOf('get-kube')).toMatchObject({
      KUBERNETES_DOWNLOAD_TESTS: 'y',
      KUBERNETES_NODE_PLATFORM: 'windows',
    });
  });

  test.each([
    ['/ci/latest.txt', 'sha512'],
    ['/release/page.txt', 'is HTML or XML'],
    ['/release/none.txt', '404'],
  ])('of %s is rejected (%s) before anything is created', async (marker, reason) => {
    using cloud = new Cloud();
    const { code, stderr } = await cloud.run('--up', '--down', `--kubernetes-version=${server.url}${marker}`, ...here);
    expect(code).toBe(3);
    expect(stderr).toContain(reason);
    expect(cloud.allCalls()).toEqual([]);
  });
});

describe('readiness', () => {
  const nodes = (...names: string[]) => Object.fromEntries(names.map((name) => [`${NAME}-${name}`, true]));

  test('is the API and all nodes', async () => {
    using cloud = new Cloud();
    using cluster = await api(nodes('master', 'minion-group-1', 'minion-group-2'));
    cloud.kubeconfig(cluster.url);
    expect(await cloud.run(...up(), '--num-nodes=2', '--ready-timeout=20s')).toMatchObject({ code: 0 });
  });

  test.each([
    ['a missing node', nodes('master', 'minion-group-1'), '2 of 3 nodes Ready'],
    [
      'a node that is not Ready',
      { ...nodes('master', 'minion-group-1'), [`${NAME}-minion-group-2`]: false },
      'KubeletNotReady',
    ],
  ])('%s fails Up', async (_what, there, reason) => {
    using cloud = new Cloud();
    using cluster = await api(there);
    cloud.kubeconfig(cluster.url);
    const { code, stderr } = await cloud.run(...up(), '--down', '--num-nodes=2', '--ready-timeout=1s');
    expect(code).toBe(3);
    expect(stderr).toContain(reason);
    expect(cloud.junit()).toContain('name="Readiness"');
    expect(cloud.calls()).toEqual(['get-kube', 'kube-up', ...LOGS, 'kube-down', CLOSE, UNSTAGE]);
    expect(cloud.table).toEqual([]);
  });
});

describe('another attempt', () => {
  const retry = ['--up-retries=1', '--gcp-zone=a-b1-c', '--gcp-zones=d-e1-f'];
  const zonesOf = (cloud: Cloud) => [...cloud.junit().matchAll(/name="(Up attempt [^"]*)"/g)].map(([, name]) => name);

  test.each([
    'ERROR: ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
    "The zone 'z' does not have enough resources available to fulfill the request.",
    "Quota 'CPUS' exceeded. Limit: 8.0 in region us-central1.",
  ])('runs in the next zone after: %s', async (words) => {
    using cloud = new Cloud();
    cloud.plan('kube-up', `fail ${words}`);
    const { code, stderr } = await cloud.run(...up(), '--down', ...retry);
    expect(code, stderr).toBe(0);
    expect(cloud.calls().map((call) => call.split(' ')[0])).toEqual([
      'get-kube',
      'kube-up',
      'log-dump',
      'kube-down',
      'gcloud',
      'gcloud',
      'kube-up',
      'gcloud',
      'log-dump',
      'kubectl',
      'kube-down',
      'gcloud',
      'gcloud',
    ]);
    expect(cloud.envOf('kube-down')['KUBE_GCE_ZONE']).toBe('d-e1-f');
    expect(zonesOf(cloud)).toEqual(['Up attempt 1 (a-b1-c)', 'Up attempt 2 (d-e1-f)']);
    expect(cloud.table).toEqual([]);
  });

  test('does not run for other failures, nor without --up-retries', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-up', 'fail no permission', "fail Quota 'CPUS' exceeded");
    expect(await cloud.run(...up(), '--down', ...retry)).toMatchObject({ code: 3 });
    expect(cloud.calls('kube-up')).toHaveLength(1);
    const { code, stderr } = await cloud.run(...up(), '--down');
    expect(code).toBe(3);
    expect(stderr).toContain('--up-retries');
    expect(cloud.calls('kube-up')).toHaveLength(2);
    expect(cloud.table).toEqual([]);
  });

  test('does not run when the teardown fails', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-up', 'fail STOCKOUT').plan('kube-down', 'fail no', 'ok');
    writeFileSync(join(cloud.state, 'refuse-instances'), '');
    const { code } = await cloud.run(...up(), '--down', ...retry, '--down-retries=0');
    expect(code).toBe(3);
    expect(cloud.calls('kube-up')).toHaveLength(1);
  });
});

describe('Down', () => {
  test.each([
    ['us-west1-a', 'us-central1'],
    ['europe-north1-b', 'europe-west6'],
    ['asia-east1-c', 'asia-northeast1'],
  ])('deletes what kube-up.sh in %s has staged from its bucket in %s', async (zone, region) => {
    using cloud = new Cloud();
    expect(await cloud.run(...up(), '--down', `--gcp-zone=${zone}`)).toMatchObject({ code: 0 });
    expect(cloud.calls('gcloud storage')).toEqual([unstage('p-1', region)]);
    expect(cloud.tars).toEqual([]);
  });

  test('keeps staged tars that another cluster of that name may use', async () => {
    using cloud = new Cloud();
    const name = '--env=KUBE_GCE_INSTANCE_PREFIX=ours,KUBE_GCE_NETWORK=ours';
    expect(await cloud.run(...up(), '--down', name)).toMatchObject({ code: 0 });
    expect(cloud.calls('gcloud storage')).toEqual([]);
  });

  test('retries kube-down.sh when it fails', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-down', 'fail busy');
    expect(await cloud.run(...up(), '--down')).toMatchObject({ code: 0 });
    expect(cloud.calls('kube-down')).toHaveLength(2);
  });

  test('deletes resources one by one when kube-down.sh keeps failing', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-down', 'fail no');
    const { code, stderr } = await cloud.run(...up(), '--down', '--down-retries=0');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('kube-down.sh failed, but no resources are left');
    expect(cloud.table).toEqual([]);
    const kinds = cloud.calls('gcloud').flatMap((call) => /compute (.*) delete .*--project=/.exec(call)?.[1] ?? []);
    expect(kinds).toEqual([
      'instances',
      'addresses',
      'disks',
      'firewall-rules',
      'instance-groups managed',
      'instance-templates',
      'networks',
    ]);
    expect(cloud.calls('gcloud').find((call) => call.includes('instances delete'))).toBe(
      `gcloud compute instances delete ${NAME}-master ${NAME}-minion-group-1 --project=p-1 --zone=us-central1-b --quiet`,
    );
  });

  test('deletes what a kube-down.sh that exits with 0 has left, and nothing of others', async () => {
    using cloud = new Cloud();
    cloud.put('disks', 'kt2-other-master-pd', 'zone=z');
    cloud.put('firewall-rules', 'default-allow-ssh');
    cloud.put('disks', `${NAME}-from-before`, 'zone=z');
    cloud.plan('kube-down', 'leak');
    const { code, stderr } = await cloud.run(...up(), '--down', '--leaked-resources=fail');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      `Deleting what kube-down.sh left: disks ${NAME}-master-pd (zone us-central1-b), firewall-rules k8s-fw-of-a-service`,
    );
    expect(cloud.table).toEqual([
      'disks@kt2-09a2565a-7ac6-from-before',
      'disks@kt2-other-master-pd',
      'firewall-rules@default-allow-ssh',
    ]);
  });

  test.each([
    ['warn', 0, /name="LeakCheck"(?![^>]*>\s*<failure)/],
    ['fail', 4, /name="LeakCheck"[^>]*>\s*<failure/],
  ])('with --leaked-resources=%s exits with %i when a resource cannot be deleted', async (mode, wanted, row) => {
    using cloud = new Cloud();
    cloud.plan('kube-down', 'leak');
    writeFileSync(join(cloud.state, 'refuse-disks'), '');
    const { code, stderr } = await cloud.run(...up(), '--down', `--leaked-resources=${mode}`);
    expect(code, stderr).toBe(wanted);
    expect(stderr).toContain(`Leaked resources: disks ${NAME}-master-pd (zone us-central1-b)`);
    expect(cloud.junit()).toMatch(row);
  });

  test('with --leaked-resources=off lists no resources', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-down', 'leak');
    expect(await cloud.run(...up(), '--down', '--leaked-resources=off')).toMatchObject({ code: 0 });
    expect(cloud.allCalls().filter((call) => call.includes(' list '))).toEqual([]);
    expect(cloud.junit()).not.toContain('LeakCheck');
  });

  test('without a project is a usage error and starts nothing', async () => {
    using cloud = new Cloud();
    const { code, stderr } = await cloud.run('--down', '--repo-root=kubernetes-tree');
    expect(code).toBe(2);
    expect(stderr).toContain('--gcp-project');
    expect(cloud.allCalls()).toEqual([]);
  });

  test('of a run without state uses the project of --gcp-project', async () => {
    using cloud = new Cloud();
    cloud.put('instances', `${NAME}-master`, 'zone=us-central1-b', NAME);
    expect(await cloud.run('--down', ...here)).toMatchObject({ code: 0 });
    expect(cloud.table).toEqual([]);
  });

  test('rejects another project than the one of its run', async () => {
    using cloud = new Cloud();
    await cloud.run(...up());
    const { code, stderr } = await cloud.run('--down', '--gcp-project=p-2');
    expect(code).toBe(2);
    expect(stderr).toContain('is in p-1');
    expect(cloud.calls('kube-down')).toEqual([]);
  });
});

describe('a project from Boskos', () => {
  const leased = ['--repo-root=kubernetes-tree', '--ready-timeout=0'];

  test('is passed to the scripts and the tests, and is released once, dirty', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
    using cloud = new Cloud();
    const words = ['--up', '--down', version(), ...leased, `--boskos-location=${boskos.url}`];
    const { code, stdout, stderr } = await cloud.run(...words, '--test=exec', '--', 'sh', '-c', 'echo in $PROJECT');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('in leased-1');
    expect(cloud.envOf('kube-down')['PROJECT']).toBe('leased-1');
    expect(boskos.count('release')).toBe(1);
    expect(boskos.find('leased-1')).toMatchObject({ state: 'dirty', owner: '' });
  });

  test('is released when Down fails', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
    using cloud = new Cloud();
    cloud.plan('kube-down', 'fail no');
    writeFileSync(join(cloud.state, 'refuse-instances'), '');
    const words = ['--up', '--down', version(), ...leased, '--down-retries=0', `--boskos-location=${boskos.url}`];
    expect(await cloud.run(...words)).toMatchObject({ code: 4 });
    expect(boskos.count('release')).toBe(1);
    expect(boskos.find('leased-1').state).toBe('dirty');
    expect(cloud.facts()['gce-cluster']).toBeUndefined();
  });

  test('is held between --up, --test and --down, and released by the last', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
    using cloud = new Cloud();
    expect(await cloud.run('--up', version(), ...leased, `--boskos-location=${boskos.url}`)).toMatchObject({ code: 0 });
    const keeper = () => cloud.sandbox.processes().filter(({ command }) => command.includes('keep-lease'));
    const [first] = keeper();
    const tests = await cloud.run('--test=exec', '--', 'sh', '-c', 'echo in $PROJECT');
    expect(tests).toMatchObject({ code: 0, stdout: expect.stringContaining('in leased-1') });
    expect(keeper()).toHaveLength(1);
    expect(keeper()[0]?.pid).not.toBe(first?.pid);
    expect(boskos.find('leased-1').state).toBe('busy');
    const { code, stderr } = await cloud.run('--down');
    expect(code, stderr).toBe(0);
    expect(cloud.envOf('kube-down')['PROJECT']).toBe('leased-1');
    expect([boskos.count('acquire'), boskos.count('release')]).toEqual([1, 1]);
    expect(boskos.find('leased-1').state).toBe('dirty');
    expect(cloud.sandbox.processes()).toEqual([]);
  });

  test('that has another owner at --down is not touched', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
    using cloud = new Cloud();
    await cloud.run(
      '--up',
      version(),
      ...leased,
      `--boskos-location=${boskos.url}`,
      '--boskos-heartbeat-interval-seconds=0',
    );
    Object.assign(boskos.find('leased-1'), { owner: 'another-owner' });
    const { code, stderr } = await cloud.run('--down');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('the lease of project leased-1 was lost');
    expect(cloud.calls('kube-down')).toEqual([]);
    expect(boskos.find('leased-1').owner).toBe('another-owner');
  });

  test('that is not available starts nothing', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': [], other: ['o'] });
    using cloud = new Cloud();
    const words = ['--up', '--down', version(), ...leased, '--boskos-acquire-timeout-seconds=0'];
    expect(await cloud.run(...words, `--boskos-location=${boskos.url}`)).toMatchObject({ code: 3 });
    expect(cloud.allCalls()).toEqual([]);
  });

  test('is not acquired when the tree has no scripts', async () => {
    await using boskos = await FakeBoskos.start({ 'gce-project': ['leased-1'] });
    using cloud = new Cloud();
    rmSync(join(cloud.tree, 'cluster/kube-up.sh'));
    const { code, stderr } = await cloud.run('--up', '--down', ...leased, `--boskos-location=${boskos.url}`);
    expect(code).toBe(2);
    expect(stderr).toContain('kube-up.sh does not exist: --repo-root must be a Kubernetes source tree');
    expect(boskos.calls).toEqual([]);
  });
});

describe('logs', () => {
  test('of a second state are saved beside the first, or replace them', async () => {
    using cloud = new Cloud();
    cloud.plan('kube-up', 'fail no');
    await cloud.run(...up());
    await cloud.run('--down');
    expect(cloud.sandbox.has('artifacts/cluster-logs/serial.log')).toBe(true);
    expect(cloud.sandbox.has('artifacts/cluster-logs-2/serial.log')).toBe(true);
    await cloud.run(...up(), '--down', '--overwrite-logs-dir');
    expect(cloud.sandbox.has('artifacts/cluster-logs-3')).toBe(false);
  });

  test('that fail are a warning', async () => {
    using cloud = new Cloud();
    cloud.plan('log-dump', 'fail no ssh');
    const { code, stderr } = await cloud.run(...up(), '--down');
    expect(code).toBe(0);
    expect(stderr).toContain('Not all cluster logs were saved');
  });
});

test('copies SSH keys to where gcloud looks for them', async () => {
  using cloud = new Cloud();
  const key = (name: string) => join(cloud.sandbox.dir, name);
  for (const name of ['private', 'public']) writeFileSync(key(name), name);
  Object.assign(cloud.sandbox.env, {
    GCE_SSH_PRIVATE_KEY_FILE: key('private'),
    GCE_SSH_PUBLIC_KEY_FILE: key('public'),
  });
  await cloud.run(...up());
  const placed = join(cloud.sandbox.dir, 'home/.ssh/google_compute_engine');
  expect(readFileSync(placed, 'utf8')).toBe('private');
  expect((statSync(placed).mode & 0o777).toString(8)).toBe('600');
});

test('--enable-compute-api runs first', async () => {
  using cloud = new Cloud();
  await cloud.run(...up(), '--enable-compute-api');
  expect(cloud.calls('gcloud')[0]).toBe('gcloud services enable compute.googleapis.com --project=p-1 --quiet');
});

test('--build replaces get-kube.sh', async () => {
  using cloud = new Cloud();
  const { code, stderr } = await cloud.run('--build', '--up', version(), ...here);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Ignoring --kubernetes-version: --build takes precedence');
  expect(cloud.calls().slice(0, 2)).toEqual(['make release-tars', 'kube-up']);
});

test('--legacy-mode builds a quick-release whose version has the run ID', async () => {
  using cloud = new Cloud();
  mkdirSync(join(cloud.tree, 'hack'));
  writeFileSync(
    join(cloud.tree, 'hack/print-workspace-status.sh'),
    '#!/bin/sh\necho gitVersion v1.36.0-alpha.1.2+abcdef0123456\n',
    { mode: 0o755 },
  );
  const { code, stderr } = await cloud.run('--build', '--legacy-mode', ...here);
  expect(code, stderr).toBe(0);
  expect(cloud.calls()).toEqual(['make quick-release KUBE_BUILD_PLATFORMS=linux/amd64']);
  expect(JSON.parse(cloud.sandbox.read('artifacts/metadata.json'))['build-version']).toBe(
    `v1.36.0-alpha.1.2+abcdef0123456-${RUN}`,
  );
});

test.each([
  ['--num-nodes=0', 'must be at least 1'],
  ['--env=A=1,b', 'NAME=VALUE'],
  ['--env=1X', 'NAME=VALUE'],
  ['--env=KUBE_GCE_NETWORK=', 'must not be empty'],
  ['--up-retry-pattern=(', '--up-retry-pattern'],
  ['--gcp-zones=a', '--gcp-zones needs --up-retries'],
  ['--stage=gs://b/elsewhere', '--stage'],
])('%s is a usage error', async (word, reason) => {
  using cloud = new Cloud();
  const { code, stderr } = await cloud.run('--build', '--up', '--legacy-mode', word, ...here);
  expect(code).toBe(2);
  expect(stderr).toContain(reason);
  expect(cloud.allCalls()).toEqual([]);
  expect(existsSync(cloud.sandbox.artifacts)).toBe(false);
});

test('--dry-run prints the scripts and starts none', async () => {
  using cloud = new Cloud();
  const { stdout } = await cloud.run(...up(), '--down', '--dry-run', '--test=exec', '--', 'true');
  expect(stdout).toMatch(/^ {2}KUBECONFIG=\/.*kubeconfig/m);
  expect(stdout).toMatch(/get-kube\.sh[\s\S]*kube-up\.sh[\s\S]*kube-down\.sh/);
  expect(cloud.allCalls()).toEqual([]);
});
