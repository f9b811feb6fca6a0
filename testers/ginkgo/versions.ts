import type { Run } from '../../src/api/run.ts';
import { askGinkgo, askKubectlClient } from '../../src/kube/skew/ask-versions.ts';
import type { Seen, VersionInfo } from '../../src/kube/skew/rules.ts';
import type { Suite } from './suite.ts';
import { askOnce, BINARY_NAMES, type Binaries, type BinaryName } from './test-binary.ts';

/**
 * Says of each program where it is, its version, where it came from and its digest, and writes that into
 * `metadata.json`. `job-version` is the package's version, or else the suite's own. Gives the version of ginkgo.
 */
export async function recordVersions(
  { programs, packageVersion }: Binaries,
  suite: Suite,
  run: Run,
  signal: AbortSignal,
): Promise<Seen<string>> {
  const [ginkgo, kubectl] = await Promise.all([
    askOnce(programs.ginkgo, 'ginkgo-version', () => askGinkgo(programs.ginkgo.path, run.exec, run.env, signal)),
    askOnce<VersionInfo>(programs.kubectl, 'kubectl-version', () =>
      askKubectlClient(programs.kubectl.path, run.exec, run.env, signal),
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
    run.log.info(`${name} ${version ?? '(version unknown)'} from ${origin}: ${path}, sha256 ${sha256}`);
    const key = name.replace('.', '-');
    if (version !== undefined) entries[`${key}-version`] = version;
    entries[`${key}-sha256`] = sha256;
  }
  await run.records.metadata(entries);
  return ginkgo;
}

const known = <T>(seen: Seen<T>): T | undefined => ('value' in seen ? seen.value : undefined);
