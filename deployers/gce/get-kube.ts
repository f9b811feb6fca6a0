import { join } from 'node:path';
import { openAcquirer } from '../../src/acquire/open-acquirer.ts';
import type { Env } from '../../src/run.ts';
import type { Cluster } from './cluster.ts';
import { runScript } from './scripts.ts';
import type { Site } from './site.ts';

/**
 * Puts a release into the tree, where kube-up.sh looks for it. get-kube.sh does the work; the package it begins with is
 * fetched and verified here, and the script takes the one it finds. Returns the variables that told it which release:
 * kube-up.sh has always been given them too.
 */
export async function getKube({ run, values }: Site, cluster: Cluster, signal: AbortSignal): Promise<Env> {
  const acquirer = openAcquirer(run.acquire, run);
  try {
    const { version, base, root } = await acquirer.resolve(values.kubernetesVersion, { signal });
    await run.metadata({ 'cluster-version': version });
    run.log.info(`The cluster will run ${version} from ${base}.`);
    const release = await acquirer.file(`${root}/kubernetes.tar.gz`, { signal });
    // A copy: get-kube.sh writes over this file when the next run wants another version.
    await acquirer.place(release, join(cluster.repoRoot, 'kubernetes.tar.gz'), { copy: true });
    const variables = {
      KUBERNETES_RELEASE_URL: base.replace(/^gs:\/\//, 'https://storage.googleapis.com/'),
      KUBERNETES_RELEASE: version,
      KUBE_ROOT: join(cluster.repoRoot, 'kubernetes'),
      KUBERNETES_SKIP_CONFIRM: 'y',
      KUBERNETES_SKIP_CREATE_CLUSTER: 'y',
      KUBERNETES_DOWNLOAD_TESTS: 'n',
    };
    await runScript(run, cluster, ['get-kube.sh'], { signal, env: variables, cwd: cluster.repoRoot });
    return variables;
  } finally {
    await acquirer.close();
  }
}
