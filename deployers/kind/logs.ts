import { runKind, type Tools } from './exec-kind.ts';
import { causedByUnknownCluster } from './failures.ts';
import { exportWords } from './kind-args.ts';

/**
 * Saves what the nodes can tell below `logs` in the artifacts, where kubetest2 puts it. What kind has written before it
 * fails or is stopped stays.
 */
export async function dumpLogs(tools: Tools, signal: AbortSignal): Promise<void> {
  const { run, values } = tools;
  const name = run.state.recall('cluster-name') ?? (run.asked.up ? '' : values.clusterName);
  if (name === '') return;
  try {
    await runKind(tools, exportWords(tools, name), { signal, output: 'log' });
  } catch (error) {
    signal.throwIfAborted();
    // A create that failed early has left no nodes to ask.
    if (!causedByUnknownCluster(error)) throw error;
  }
}
