import { join } from 'node:path';
import { RunError } from '../../api/errors.ts';
import type { Run } from '../../api/run.ts';
import { monotonic } from '../../system/clock.ts';
import { askVersions, type SkewTools } from './ask-versions.ts';
import { writeSkewRecord } from './record.ts';
import { describeVersions, isFatal, judgeSkew, type SeenVersions, type SkewRules } from './rules.ts';

/**
 * Compares the versions of the cluster and of what is going to test it: one line with all of them, one for each
 * finding, `junit_version_skew.xml`, and the versions in `metadata.json`. At level `off` nothing is asked.
 * Throws RunError when the level forbids what was found.
 */
export async function checkVersionSkew(
  rules: SkewRules,
  tools: SkewTools,
  run: Pick<Run, 'log' | 'records' | 'artifacts'>,
  signal: AbortSignal,
): Promise<void> {
  const { level, ignored } = rules;
  if (level === 'off') return;
  const started = monotonic();
  const withKubelets = !ignored.includes('kubelet') && (level === 'warn' || level === 'policy');
  const seen = await askVersions(tools, withKubelets, signal);
  run.log.info(`version skew: ${describeVersions(seen)}`);
  const findings = judgeSkew(seen, rules);
  for (const { message } of findings) run.log.warn(`version skew: ${message}`);
  await run.records.metadata(metadataOf(seen));
  const seconds = (monotonic() - started) / 1000;
  await writeSkewRecord(join(run.artifacts, 'junit_version_skew.xml'), seen, findings, rules, seconds);
  const fatal = findings.filter((finding) => isFatal(finding, level));
  if (fatal.length === 0) return;
  const count = `${fatal.length} ${fatal.length === 1 ? 'violation' : 'violations'}`;
  throw new RunError(`version skew: ${count} at level "${level}"; use --check-version-skew=warn to run anyway`, {
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
