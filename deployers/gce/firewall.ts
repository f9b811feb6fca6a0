import { CommandError, causeOf, messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { type Cluster, namesOf } from './cluster.ts';

/** Opens node ports, which the tests of services use and kube-up.sh does not open. */
export async function openNodePorts(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await run.exec(createCommand(cluster), { signal, output: 'log' });
  } catch (error) {
    signal.throwIfAborted();
    if (!/already exists/.test(causeOf(error, CommandError)?.output ?? '')) throw error;
  }
}

/** Deletes the rule, unless kube-down.sh has done so with the other rules of the network. Warns when it cannot. */
export async function closeNodePorts(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await run.exec(deleteCommand(cluster), { signal, output: 'capture', tracked: true });
  } catch (error) {
    signal.throwIfAborted();
    if (/was not found/.test(causeOf(error, CommandError)?.output ?? '')) return;
    run.log.warn(`Cannot delete firewall rule ${ruleName(cluster)}, it may still exist: ${messageOf(error)}`);
  }
}

export const createCommand = (cluster: Cluster): string[] => [
  ...['gcloud', 'compute', 'firewall-rules', 'create', '--project', namesOf(cluster).project],
  ...['--target-tags', nodeTag(cluster), '--allow', 'tcp:30000-32767,udp:30000-32767'],
  ...['--network', namesOf(cluster).network, ruleName(cluster), '--quiet'],
];

const deleteCommand = (cluster: Cluster): string[] => [
  ...['gcloud', 'compute', 'firewall-rules', 'delete', '--project', namesOf(cluster).project, '--quiet'],
  ruleName(cluster),
];

/** The tag that kube-up.sh gives the nodes. */
const nodeTag = (cluster: Cluster): string => `${namesOf(cluster).prefix}-minion`;
const ruleName = (cluster: Cluster): string => `${nodeTag(cluster)}-nodeports`;
