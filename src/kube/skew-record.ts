import { writeAtomic } from '../records/atomic.ts';
import { xmlText } from '../records/bounded.ts';
import { isFatal, type SeenVersions, SKEW_COMPONENTS, type SkewFinding, type SkewRules } from './skew.ts';

/**
 * Writes `junit_version_skew.xml`: one case a component, failed when the level forbids what was found, skipped when its
 * version is not known or it is left out.
 */
export async function writeSkewRecord(
  file: string,
  seen: SeenVersions,
  findings: readonly SkewFinding[],
  rules: SkewRules,
  seconds: number,
): Promise<void> {
  const { XMLBuilder } = await import('fast-xml-parser');
  const cases = (['server', ...SKEW_COMPONENTS] as const).map((component) => {
    const found = findings.filter((finding) => finding.component === component);
    return caseOf(component, found, rules, shownVersion(seen, component));
  });
  const counts = {
    '@tests': cases.length,
    '@failures': cases.filter((each) => 'failure' in each).length,
    '@errors': 0,
    '@skipped': cases.filter((each) => 'skipped' in each).length,
    '@time': Math.round(seconds * 1000) / 1000,
  };
  const builder = new XMLBuilder({ attributeNamePrefix: '@', ignoreAttributes: false, format: true });
  const suite = { '@name': SUITE, ...counts, testcase: cases };
  const document = {
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: { '@name': SUITE, ...counts, testsuite: suite },
  };
  writeAtomic(file, builder.build(document));
}

const SUITE = 'kubetest2-tester-ginkgo';

function caseOf(component: SkewFinding['component'], found: readonly SkewFinding[], rules: SkewRules, version: string) {
  const own = { '@name': `version skew: ${component}`, '@classname': SUITE, '@time': 0 };
  const told = xmlText(found.map(({ message }) => message).join('\n'));
  const reason = { '@message': told.replaceAll('\n', ' '), '#text': told };
  if (found.some((finding) => isFatal(finding, rules.level)))
    return { ...own, failure: { ...reason, '@type': 'VersionSkew' } };
  const ignored = component !== 'server' && rules.ignored.includes(component);
  if (ignored) return { ...own, skipped: { '@message': 'left out by --check-version-skew-ignore' } };
  if (found.some(({ kind }) => kind === 'unknown')) return { ...own, skipped: reason };
  return { ...own, 'system-out': xmlText([version, told].filter((part) => part !== '').join('\n')) };
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
