import { join } from 'node:path';
import { RunError } from '../../api/errors.ts';
import type { Run } from '../../api/run.ts';
import { monotonic } from '../../system/clock.ts';
import { plural } from '../../text/plural.ts';
import { getVersions, type VersionSources } from './get-versions.ts';
import { writeSkewRecord } from './record.ts';
import { describeVersions, findSkew, isFatal, type SeenVersions, type SkewRules } from './rules.ts';

/**
 * Compares the versions of the cluster and of the programs that test it. Logs one line with all of them and one for each
 * finding, and writes `junit_version_skew.xml` and the versions in `metadata.json`. Does nothing at level `off`.
 * Throws RunError for findings that are fatal at the level.
 */
export async function checkVersionSkew(
  rules: SkewRules,
  sources: VersionSources,
  run: Pick<Run, 'log' | 'records' | 'artifacts'>,
  signal: AbortSignal,
): Promise<void> {
  const { level, ignored } = rules;
  if (level === 'off') return;
  const started = monotonic();
  const withKubelets = !ignored.includes('kubelet') && (level === 'warn' || level === 'policy');
  const seen = await getVersions(sources, withKubelets, signal);
  run.log.info(`Versions: ${describeVersions(seen)}`);
  const findings = findSkew(seen, rules);
  for (const { message } of findings) run.log.warn(`Version skew: ${message}`);
  await run.records.metadata(metadataOf(seen));
  const seconds = (monotonic() - started) / 1000;
  await writeSkewRecord(join(run.artifacts, 'junit_version_skew.xml'), seen, findings, rules, seconds);
  const fatal = findings.filter((finding) => isFatal(finding, level));
  if (fatal.length === 0) return;
  const violations = plural(fatal.length, 'violation');
  throw new RunError(`version skew: ${violations} at level "${level}"; use --check-version-skew=warn to run anyway`, {
    cause: new Error(fatal.map(({ message }) => message).join('; ')),
  });
}

function metadataOf({ server, kubectl, e2eTest, ginkgo }: SeenVersions): Record<string, string> {
  return {
    ...('value' in server && { 'cluster-version': server.value.gitVersion }),
    ...('value' in kubectl && { 'kubectl-version': kubectl.value.gitVersion }),
    ...('value' in e2eTest && { 'e2e-test-version': e2eTest.value }),
    ...('value' in ginkgo && { 'ginkgo-version': ginkgo.value.version }),
  };
}
