import { inject } from 'vitest';
import { type Cluster, clusterOf } from './control-plane.ts';

/** The one control plane that the suites of a run share. What an earlier suite left in it is gone by then. */
export async function sharedCluster(): Promise<Cluster> {
  const response = await fetch(inject('controlPlane'));
  const told = await response.text();
  if (!response.ok) throw new Error(told);
  const cluster = clusterOf(told);
  const names = await cluster.kubectl('get', 'namespaces', '-o', 'jsonpath={.items[*].metadata.name}');
  const left = names.split(' ').filter((name) => name !== 'default' && !name.startsWith('kube-'));
  if (left.length > 0) await cluster.kubectl('delete', 'namespaces', ...left, '--timeout=120s');
  return cluster;
}
