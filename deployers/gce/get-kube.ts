import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Env } from '../../src/api/env.ts';
import { RunError } from '../../src/api/errors.ts';
import { openAcquirer } from '../../src/download/open-downloader.ts';
import { findProgram } from '../../src/system/find-program.ts';
import { eachInParallel } from '../../src/system/parallel.ts';
import { hostPlatform } from '../../src/system/platform.ts';
import type { Cluster } from './cluster.ts';
import type { GceContext } from './context.ts';
import { runScript } from './scripts.ts';

/** The first package that get-kube.sh needs. It uses the one in the tree if it exists. */
const FIRST = 'kubernetes.tar.gz';

/**
 * Puts a release into the tree, where kube-up.sh looks for it. get-kube.sh does the work but downloads nothing: the files
 * that it and the get-kube-binaries.sh of the release would download are downloaded and verified here, and served to them
 * from a directory by a file: URL. Returns the variables that select the release, which kube-up.sh gets too.
 * Throws RunError when a file of the release cannot be downloaded or verified.
 */
export async function getKube({ run, values }: GceContext, cluster: Cluster, signal: AbortSignal): Promise<Env> {
  if (findProgram('curl', run.env, run.cwd) === undefined) {
    throw new RunError('curl not found on PATH: get-kube.sh needs it; install curl');
  }
  const acquirer = openAcquirer(run.acquire, run);
  const releaseDir = join(run.dir, 'release');
  try {
    const { version, base, root } = await acquirer.resolve(values.kubernetesVersion, { signal });
    await run.records.metadata({ 'cluster-version': version });
    run.log.info(`Using Kubernetes ${version} from ${base}`);
    const platforms = platformsOf(cluster.variables);
    await eachInParallel([FIRST, ...releaseFiles(platforms, cluster.variables)], signal, async (name, either) => {
      const file = await acquirer.file(`${root}/${name}`, { signal: either });
      // A copy: get-kube.sh overwrites this file when the next run needs another version.
      if (name === FIRST) await acquirer.place(file, join(cluster.repoRoot, name), { copy: true });
      else await acquirer.place(file, join(releaseDir, version, name));
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
      KUBERNETES_RELEASE_URL: pathToFileURL(releaseDir).href,
      // The version is resolved already; the script knows fewer forms of versions, and has another URL for some.
      KUBERNETES_SKIP_RELEASE_VALIDATION: 'y',
      KUBERNETES_SERVER_ARCH: platforms.serverArch,
      KUBERNETES_CLIENT_OS: platforms.clientOs,
      KUBERNETES_CLIENT_ARCH: platforms.clientArch,
    };
    await runScript(run, cluster, ['get-kube.sh'], { signal, env: verified, cwd: cluster.repoRoot });
    return variables;
  } finally {
    await acquirer.close();
    await rm(releaseDir, { recursive: true, force: true });
  }
}

interface Platforms {
  readonly serverArch: string;
  readonly clientOs: string;
  readonly clientArch: string;
}

/** As in the scripts, but for the architecture of the instances: the first of --target-build-arch, as in kube-up.sh. */
function platformsOf(variables: Cluster['variables']): Platforms {
  const host = hostPlatform();
  const [, targetArch] = /^linux\/(\w+)/.exec(variables['KUBE_BUILD_PLATFORMS'] ?? '') ?? [];
  return {
    serverArch: variables['KUBERNETES_SERVER_ARCH'] || targetArch || 'amd64',
    clientOs: variables['KUBERNETES_CLIENT_OS'] || host.os,
    clientArch: variables['KUBERNETES_CLIENT_ARCH'] || host.arch,
  };
}

/** The files that get-kube-binaries.sh downloads. */
function releaseFiles({ serverArch, clientOs, clientArch }: Platforms, variables: Cluster['variables']): string[] {
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
