import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { always } from '../../src/system/cleanup.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './context.ts';
import { findKubectl, runScript, scriptEnvironment } from './scripts.ts';

/**
 * Saves what the machines and the API can tell below `cluster-logs` in the artifacts. The machines come first: they can
 * be asked when the API never came up. Throws what failed, once both were tried.
 */
export async function dumpLogs(site: Site, cluster: Cluster, signal: AbortSignal): Promise<void> {
  const folder = await logsFolder(site);
  const { run } = site;
  await always(
    () => runScript(run, cluster, ['log-dump/log-dump.sh', folder], { signal, output: 'log' }),
    async () => {
      signal.throwIfAborted();
      await dumpObjects(site, cluster, folder, signal);
    },
  );
}

async function dumpObjects({ run }: Site, cluster: Cluster, folder: string, signal: AbortSignal): Promise<void> {
  const kubectl = await findKubectl(run, cluster.repoRoot);
  // Without a kubeconfig there was never an API to ask.
  if (kubectl === undefined || !existsSync(cluster.variables['KUBECONFIG'] ?? '')) return;
  const env = await scriptEnvironment(run, cluster);
  const argv = [kubectl, 'cluster-info', 'dump', '--request-timeout=60s'];
  const { stdout } = await run.exec(argv, { signal, env, output: 'capture' });
  await writeFile(join(folder, 'cluster-info.log'), stdout);
}

/** The folder for the logs of this state of the cluster. An earlier state's stay, unless they are to be replaced. */
async function logsFolder({ run, values }: Site): Promise<string> {
  const first = join(run.artifacts, 'cluster-logs');
  if (values.overwriteLogsDir) await rm(first, { recursive: true, force: true });
  for (let number = 1; ; number += 1) {
    const folder = number === 1 ? first : `${first}-${number}`;
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return folder;
  }
}
