import { CommandError, causeOf, messageOf } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { type Cluster, namesOf } from './cluster.ts';

/** Lets node ports in, which the tests of services use and kube-up.sh does not open. */
export async function openNodePorts(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await run.exec(createWords(cluster), { signal, output: 'log' });
  } catch (error) {
    signal.throwIfAborted();
    if (!/already exists/.test(causeOf(error, CommandError)?.output ?? '')) throw error;
  }
}

/** Takes the rule away; kube-down.sh mostly has, with all others of the network. Warns when it cannot. */
export async function closeNodePorts(run: Run, cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await run.exec(deleteWords(cluster), { signal, output: 'capture' });
  } catch (error) {
    signal.throwIfAborted();
    if (/was not found/.test(causeOf(error, CommandError)?.output ?? '')) return;
    run.log.warn(`The firewall rule ${ruleName(cluster)} may still be there: ${messageOf(error)}`);
  }
}

export const createWords = (cluster: Cluster): string[] => [
  ...['gcloud', 'compute', 'firewall-rules', 'create', '--project', namesOf(cluster).project],
  ...['--target-tags', nodeTag(cluster), '--allow', 'tcp:30000-32767,udp:30000-32767'],
  ...['--network', namesOf(cluster).network, ruleName(cluster), '--quiet'],
];

const deleteWords = (cluster: Cluster): string[] => [
  ...['gcloud', 'compute', 'firewall-rules', 'delete', '--project', namesOf(cluster).project, '--quiet'],
  ruleName(cluster),
];

/** As kube-up.sh tags the nodes. */
const nodeTag = (cluster: Cluster): string => `${namesOf(cluster).prefix}-minion`;
const ruleName = (cluster: Cluster): string => `${nodeTag(cluster)}-nodeports`;
