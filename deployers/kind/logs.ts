import { runKind, type Tools } from './exec-kind.ts';
import { causedByUnknownCluster } from './failures.ts';
import { exportArgs } from './kind-args.ts';

/**
 * Exports the logs of the nodes to `logs` in the artifacts, as kubetest2 does. When kind fails or is stopped, what it has
 * written so far is kept.
 */
export async function dumpLogs(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const name = run.state.recall('cluster-name') ?? (run.asked.up ? '' : values.clusterName);
  if (name === '') return;
  try {
    await runKind(tools, exportArgs(tools, name), { signal, output: 'log' });
  } catch (error) {
    signal.throwIfAborted();
    // A create that failed early has left no nodes.
    if (!causedByUnknownCluster(error)) throw error;
  }
}
