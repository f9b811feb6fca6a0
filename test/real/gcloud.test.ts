import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../src/system/find-program.ts';
import { Cloud, NAME, releases, unstage } from '../helpers/gce-project.ts';
import { ComputeResources } from '../helpers/real/compute-resources.ts';

/** Each kind in each place it can be in. */
const EVERYTHING = [
  ...['zones instances', 'zones disks', 'zones instanceGroupManagers', 'zones instanceGroups'],
  ...['regions addresses', 'regions forwardingRules', 'regions targetPools', 'regions backendServices'],
  ...['regions healthChecks', 'regions instanceTemplates', 'regions routers', 'regions subnetworks'],
  ...['global addresses', 'global forwardingRules', 'global backendServices', 'global healthChecks'],
  ...['global firewalls', 'global instanceTemplates', 'global routes', 'global networks'],
];

const gcloud = findProgram('gcloud', process.env, process.cwd());
const suite = gcloud === undefined ? describe.skip : describe;

/** Replaces the fake gcloud by the real one, which uses the API of this test. */
function useGcloud(cloud: Cloud, api: ComputeResources): void {
  rmSync(join(cloud.sandbox.bin, 'gcloud'));
  mkdirSync(join(cloud.sandbox.dir, 'gcloud'));
  const path = `${cloud.sandbox.env['PATH']}:${process.env['PATH']}`;
  Object.assign(cloud.sandbox.env, api.environment(join(cloud.sandbox.dir, 'gcloud')), { PATH: path });
}

suite(`the gce deployer with the real gcloud${gcloud === undefined ? ' (skipped: no gcloud)' : ''}`, () => {
  test('accepts resources that already exist, and deletions of missing ones', async () => {
    const server = await releases();
    using cloud = new Cloud();
    await using api = await ComputeResources.start(join(cloud.state, 'table'));
    useGcloud(cloud, api);
    cloud.put('firewall-rules', `${NAME}-minion-nodeports`);
    const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
    const args = ['--repo-root=kubernetes-tree', '--gcp-project=p-1', '--ready-timeout=0', '--leaked-resources=off'];
    const { code, stderr } = await cloud.run('--up', '--down', version, ...args);
    server.close();
    expect(code, stderr).toBe(0);
    const firewalls = '/compute/v1/projects/p-1/global/firewalls';
    expect(api.asked.slice(0, 2)).toEqual([`POST ${firewalls}`, `DELETE ${firewalls}/${NAME}-minion-nodeports`]);
    expect(api.asked.at(-1)).toMatch(/^GET \/storage\/v1\/b\/kubernetes-staging-/);
    expect(stderr).not.toContain('may still exist');
  }, 900_000);

  test('opens node ports, deletes leftovers of kube-down.sh of every kind, and nothing of others', async () => {
    const server = await releases();
    using cloud = new Cloud();
    await using api = await ComputeResources.start(join(cloud.state, 'table'));
    useGcloud(cloud, api);
    cloud.put('instances', 'kt2-other-master', 'zone=us-central1-b');
    cloud.put('firewall-rules', 'default-allow-ssh');
    const others = cloud.table;
    const bucket = unstage('p-1').replace(/.*gs:\/\/([^/]+)\/.*/, '$1');
    for (const name of [`${NAME}-devel/server.tar.gz`, `${NAME}-devel/server.tar.gz.sha512`]) {
      api.objects.add(`${bucket}/${name}`);
    }
    api.objects.add(`${bucket}/${NAME}-devel-of-another/server.tar.gz`);

    const args = ['--repo-root=kubernetes-tree', '--gcp-project=p-1', '--ready-timeout=0', '--enable-compute-api'];
    const version = `--kubernetes-version=${server.url}/release/stable-1.36.txt`;
    const up = await cloud.run('--up', version, ...args);
    server.close();
    expect(up.code, up.stderr).toBe(0);
    expect(cloud.table).toContain(`firewall-rules@${NAME}-minion-nodeports`);

    const zone = 'zone=us-central1-b';
    const region = 'region=us-central1';
    cloud.put('instances', `${NAME}-minion-late`, zone, NAME);
    cloud.put('addresses', `${NAME}-global`, '-', NAME);
    cloud.put('forwarding-rules', 'internal', region, NAME);
    cloud.put('target-pools', `${NAME}-master`, region);
    cloud.put('forwarding-rules', `${NAME}-global`, '-', NAME);
    cloud.put('backend-services', `${NAME}-master`, region);
    cloud.put('backend-services', `${NAME}-global`, '-');
    cloud.put('health-checks', `${NAME}-master-hc`, '-');
    cloud.put('health-checks', `${NAME}-regional`, region);
    cloud.put('instance-templates', `${NAME}-regional`, region);
    cloud.put('instance-groups unmanaged', 'k8s-ig--1', zone, NAME);
    cloud.put('routes', `${NAME}-${'12345678-1234-1234-1234-123456789012'}`, '-', NAME);
    cloud.put('routers', `${NAME}-nat-router`, region, NAME);
    cloud.put('networks subnets', `${NAME}-subnet-default`, region, NAME);
    cloud.plan('kube-down', 'fail no');
    const down = await cloud.run('--down', '--down-retries=0', '--leaked-resources=fail');
    expect(down.code, down.stderr).toBe(0);
    expect(down.stderr).toContain('no resources are left');
    expect(down.stderr).not.toContain('The leak check is incomplete');
    expect(cloud.table).toEqual(others);
    expect([...api.objects]).toEqual([`${bucket}/${NAME}-devel-of-another/server.tar.gz`]);
    const deleted = api.asked.flatMap(
      (asked) => /^DELETE .*\/p-1\/(\w+).*\/(\w+)\/[^/]+$/.exec(asked)?.slice(1).join(' ') ?? [],
    );
    expect(new Set(deleted)).toEqual(new Set(EVERYTHING));
  }, 900_000);
});
