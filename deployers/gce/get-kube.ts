import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Env } from '../../src/api/env.ts';
import { RunError } from '../../src/api/errors.ts';
import { openAcquirer } from '../../src/download/open-downloader.ts';
import { hostPlatform } from '../../src/kube-build/binaries.ts';
import { findProgram } from '../../src/system/find-program.ts';
import { eachInParallel } from '../../src/system/parallel.ts';
import type { Cluster } from './cluster.ts';
import type { Site } from './context.ts';
import { runScript } from './scripts.ts';

/** The package that get-kube.sh begins with, and takes from the tree when it finds it there. */
const FIRST = 'kubernetes.tar.gz';

/**
 * Puts a release into the tree, where kube-up.sh looks for it. get-kube.sh does the work, but fetches nothing: what it
 * and the get-kube-binaries.sh of the release would fetch is fetched and verified here, and given to them as a server of
 * releases on this machine's disk. Returns the variables that tell which release: kube-up.sh has always been given them
 * too. Throws RunError when a file of the release cannot be had or is not what was published.
 */
export async function getKube({ run, values }: Site, cluster: Cluster, signal: AbortSignal): Promise<Env> {
  if (findProgram('curl', run.env, run.cwd) === undefined) {
    throw new RunError('there is no curl on PATH, which get-kube.sh takes the release with: install it');
  }
  const acquirer = openAcquirer(run.acquire, run);
  const shelf = join(run.dir, 'release');
  try {
    const { version, base, root } = await acquirer.resolve(values.kubernetesVersion, { signal });
    await run.records.metadata({ 'cluster-version': version });
    run.log.info(`The cluster will run ${version} from ${base}.`);
    const platforms = platformsOf(cluster.variables);
    await eachInParallel([FIRST, ...binaries(platforms, cluster.variables)], signal, async (name, either) => {
      const file = await acquirer.file(`${root}/${name}`, { signal: either });
      // A copy: get-kube.sh writes over this file when the next run wants another version.
      if (name === FIRST) await acquirer.place(file, join(cluster.repoRoot, name), { copy: true });
      else await acquirer.place(file, join(shelf, version, name));
    });
    const variables = {
      KUBERNETES_RELEASE_URL: base.replace(/^gs:\/\//, 'https://storage.googleapis.com/'),
      KUBERNETES_RELEASE: version,
      KUBE_ROOT: join(cluster.repoRoot, 'kubernetes'),
      KUBERNETES_SKIP_CONFIRM: 'y',
      KUBERNETES_SKIP_CREATE_CLUSTER: 'y',
    };
    const verified = {
      ...variables,
      KUBERNETES_RELEASE_URL: pathToFileURL(shelf).href,
      // It has been resolved; the script knows fewer forms of versions, and has another address for some.
      KUBERNETES_SKIP_RELEASE_VALIDATION: 'y',
      KUBERNETES_SERVER_ARCH: platforms.serverArch,
      KUBERNETES_CLIENT_OS: platforms.clientOs,
      KUBERNETES_CLIENT_ARCH: platforms.clientArch,
    };
    await runScript(run, cluster, ['get-kube.sh'], { signal, env: verified, cwd: cluster.repoRoot });
    return variables;
  } finally {
    await acquirer.close();
    await rm(shelf, { recursive: true, force: true });
  }
}

interface Platforms {
  readonly serverArch: string;
  readonly clientOs: string;
  readonly clientArch: string;
}

/** As the scripts have it, but for the machines' processor: the first of --target-build-arch, which kube-up.sh goes by. */
function platformsOf(variables: Cluster['variables']): Platforms {
  const [hostOs = '', hostArch = ''] = hostPlatform().split('/');
  const [, targetArch] = /^linux\/(\w+)/.exec(variables['KUBE_BUILD_PLATFORMS'] ?? '') ?? [];
  return {
    serverArch: variables['KUBERNETES_SERVER_ARCH'] || targetArch || 'amd64',
    clientOs: variables['KUBERNETES_CLIENT_OS'] || hostOs,
    clientArch: variables['KUBERNETES_CLIENT_ARCH'] || hostArch,
  };
}

/** What get-kube-binaries.sh fetches. */
function binaries({ serverArch, clientOs, clientArch }: Platforms, variables: Cluster['variables']): string[] {
  const { KUBERNETES_NODE_PLATFORM: nodeOs = '', KUBERNETES_NODE_ARCH: nodeArch = '' } = variables;
  const server = `linux-${serverArch}`;
  const client = `${clientOs}-${clientArch}`;
  const node = nodeOs === '' && nodeArch === '' ? [] : [`${nodeOs || 'linux'}-${nodeArch || serverArch}`];
  const tests = variables['KUBERNETES_DOWNLOAD_TESTS'] ? new Set(['portable', client, server, ...node]) : [];
  return [
    `kubernetes-server-${server}.tar.gz`,
    ...node.map((platform) => `kubernetes-node-${platform}.tar.gz`),
    `kubernetes-client-${client}.tar.gz`,
    ...[...tests].map((platform) => `kubernetes-test-${platform}.tar.gz`),
  ];
}
