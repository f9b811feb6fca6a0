import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { always } from '../../src/system/cleanup.ts';
import type { Cluster } from './cluster.ts';
import type { GceContext } from './context.ts';
import { findKubectl, runScript, scriptEnvironment } from './scripts.ts';

/**
 * Saves the logs of the instances and the objects of the API in `cluster-logs` of the artifacts. The instances come first,
 * since they have logs even if the API never came up. Throws what failed, once both were tried.
 */
export async function dumpLogs(context: GceContext, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const directory = await logsDirectory(context);
  const { run } = context;
  await always(
    () => runScript(run, cluster, ['log-dump/log-dump.sh', directory], { signal, output: 'log' }),
    async () => {
      signal.throwIfAborted();
      await dumpObjects(context, cluster, directory, signal);
    },
  );
}

async function dumpObjects(
  { run }: GceContext,
  cluster: Cluster,
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  const kubectl = await findKubectl(run, cluster.repoRoot);
  // Without a kubeconfig there was never an API to query.
  if (kubectl === undefined || !existsSync(cluster.variables['KUBECONFIG'] ?? '')) return;
  const env = await scriptEnvironment(run, cluster);
  const argv = [kubectl, 'cluster-info', 'dump', '--request-timeout=60s'];
  const { stdout } = await run.exec(argv, { signal, env, output: 'capture' });
  await writeFile(join(directory, 'cluster-info.log'), stdout);
}

/** The directory for these logs. Earlier ones are kept beside it, unless --overwrite-logs-dir is set. */
async function logsDirectory({ run, values }: GceContext): Promise<string> {
  const first = join(run.artifacts, 'cluster-logs');
  if (values.overwriteLogsDir) await rm(first, { recursive: true, force: true });
  for (let number = 1; ; number += 1) {
    const directory = number === 1 ? first : `${first}-${number}`;
    await mkdir(directory, { recursive: true });
    if ((await readdir(directory)).length === 0) return directory;
  }
}
