import type { Run } from '../../src/api/run.ts';
import { getGinkgoVersion, getKubectlVersion } from '../../src/kube/skew/get-versions.ts';
import type { Seen, VersionInfo } from '../../src/kube/skew/rules.ts';
import type { Suite } from './suite.ts';
import { BINARY_NAMES, type Binaries, type BinaryName, cachedProbe } from './test-binary.ts';

/**
 * Logs the path, version, origin and digest of each binary, and records them in `metadata.json`. `job-version` is the
 * version of the package, else the suite's own. Returns the version of ginkgo.
 */
export async function recordVersions(
  { programs, packageVersion }: Binaries,
  suite: Suite,
  run: Run,
  signal: AbortSignal,
): Promise<Seen<string>> {
  const [ginkgo, kubectl] = await Promise.all([
    cachedProbe(programs.ginkgo, 'ginkgo-version', () =>
      getGinkgoVersion(programs.ginkgo.path, run.exec, run.env, signal),
    ),
    cachedProbe<VersionInfo>(programs.kubectl, 'kubectl-version', () =>
      getKubectlVersion(programs.kubectl.path, run.exec, run.env, signal),
    ),
  ]);
  const versions: Record<BinaryName, string | undefined> = {
    'e2e.test': known(suite.version),
    ginkgo: known(ginkgo),
    kubectl: known(kubectl)?.gitVersion,
  };
  const entries: Record<string, string> = {
    'tester-version': run.program.version,
    'job-version': packageVersion ?? versions['e2e.test'] ?? '',
  };
  for (const name of BINARY_NAMES) {
    const { path, origin, sha256 } = programs[name];
    const version = versions[name];
    run.log.info(`Using ${name} ${version ?? '(unknown version)'} from ${origin}: ${path}, sha256 ${sha256}`);
    const key = name.replace('.', '-');
    if (version !== undefined) entries[`${key}-version`] = version;
    entries[`${key}-sha256`] = sha256;
  }
  await run.records.metadata(entries);
  return ginkgo;
}

const known = <T>(seen: Seen<T>): T | undefined => ('value' in seen ? seen.value : undefined);
