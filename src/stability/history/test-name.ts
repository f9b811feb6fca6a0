const SUITE = 'Kubernetes e2e suite';

/**
 * The name of a test, independent of the writer of its junit file: without suite, node type, squeezed white space,
 * and labels that the name has as tags.
 */
export function testName(written: string): string {
  const name = written
    .replace(new RegExp(`^${SUITE}[. ]`), '')
    .replace(/^\[It\] /, '')
    .replace(new RegExp(` \\{${SUITE}\\}$`), '')
    .replace(/^\[k8s\.io\] /, '')
    .replace(/\s+/g, ' ')
    .trim();
  return withoutDirectory(withoutLabels(name));
}

/** ` [sig-node, Conformance]` at the end says nothing new when each of these is a tag of the name. */
function withoutLabels(name: string): string {
  const [, rest, list] = /^(.*\S) \[([^[\]]+)\]$/s.exec(name) ?? [];
  if (rest === undefined || list === undefined) return name;
  return list.split(',').every((label) => rest.includes(`[${label.trim()}]`)) ? rest : name;
}

/** `load overall (testing/load/config.yaml)` of clusterloader2, wherever its configuration is checked out. */
function withoutDirectory(name: string): string {
  return name.replace(/\((?:[^()]*\/)?([^()/]+\.ya?ml)\)/g, '($1)');
}

/** Ginkgo's nodes of a suite as a whole, in version 2 and 1. */
const SUITE_NODE =
  /^(?:\[(?:BeforeSuite|AfterSuite|SynchronizedBeforeSuite|SynchronizedAfterSuite|ReportBeforeSuite|ReportAfterSuite|DeferCleanup \(Suite\)|CleanupAfterSuite[^\]]*)\]|(?:Before|After)Suite$)/;

export const isSuiteNode = (name: string): boolean => SUITE_NODE.test(name);
