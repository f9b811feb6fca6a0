import { writeAtomic } from '../../system/atomic-write.ts';
import { xmlText } from '../../text/truncate.ts';
import { type Xml, xmlDocument } from '../../text/xml.ts';
import { isFatal, type SeenVersions, SKEW_COMPONENTS, type SkewFinding, type SkewRules } from './rules.ts';

/**
 * Writes `junit_version_skew.xml`: one case for each component, failed for fatal findings, skipped when its version is
 * unknown or ignored.
 */
export async function writeSkewRecord(
  file: string,
  seen: SeenVersions,
  findings: readonly SkewFinding[],
  rules: SkewRules,
  seconds: number,
): Promise<void> {
  const cases = (['server', ...SKEW_COMPONENTS] as const).map((component) => {
    const found = findings.filter((finding) => finding.component === component);
    return caseOf(component, found, rules, shownVersion(seen, component));
  });
  const countOf = (name: string): number => cases.filter(([, , [inside]]) => inside === name).length;
  const counts = {
    name: SUITE,
    tests: cases.length,
    failures: countOf('failure'),
    errors: 0,
    skipped: countOf('skipped'),
    time: Math.round(seconds * 1000) / 1000,
  };
  writeAtomic(file, xmlDocument(['testsuites', counts, ['testsuite', counts, ...cases]]));
}

const SUITE = 'kubetest2-tester-ginkgo';

function caseOf(
  component: SkewFinding['component'],
  found: readonly SkewFinding[],
  rules: SkewRules,
  version: string,
): readonly [name: string, attributes: Xml[1], inside: Xml] {
  const result = (inside: Xml) =>
    ['testcase', { name: `version skew: ${component}`, classname: SUITE, time: 0 }, inside] as const;
  const text = xmlText(found.map(({ message }) => message).join('\n'));
  const message = text.replaceAll('\n', ' ');
  if (found.some((finding) => isFatal(finding, rules.level)))
    return result(['failure', { message, type: 'VersionSkew' }, text]);
  const ignored = component !== 'server' && rules.ignored.includes(component);
  if (ignored) return result(['skipped', { message: 'ignored by --check-version-skew-ignore' }]);
  if (found.some(({ kind }) => kind === 'unknown')) return result(['skipped', { message }, text]);
  return result(['system-out', {}, xmlText([version, text].filter((part) => part !== '').join('\n'))]);
}

function shownVersion(seen: SeenVersions, component: SkewFinding['component']): string {
  const { server, kubectl, e2eTest, ginkgo, kubelets } = seen;
  switch (component) {
    case 'server':
      return 'value' in server ? server.value.gitVersion : '';
    case 'kubectl':
      return 'value' in kubectl ? kubectl.value.gitVersion : '';
    case 'e2e.test':
      return 'value' in e2eTest ? e2eTest.value : '';
    case 'ginkgo':
      return 'value' in ginkgo ? ginkgo.value.version : '';
    case 'kubelet':
      return 'value' in kubelets ? kubelets.value.map(({ node, version }) => `${node} ${version}`).join('\n') : '';
  }
}
