import { readVariables } from '../../src/api/env-flag.ts';
import { UsageError } from '../../src/api/errors.ts';
import { defineTester } from '../../src/api/tester.ts';
import { SKEW_COMPONENTS, type SkewComponent } from '../../src/kube/skew/rules.ts';
import { isQuoted } from '../../src/text/shell-quote.ts';
import { parseExtraArgs } from './arguments.ts';
import { flags, type GinkgoValues } from './flags.ts';
import { rejectNotRe2 } from './re2.ts';

/** The tester of Kubernetes' own end-to-end tests. */
export const ginkgo = defineTester({
  name: 'ginkgo',
  summary: "Run Kubernetes' e2e.test with ginkgo",
  examples: [
    'kubetest2-ts noop --test=ginkgo -- --focus-regex=Secrets --parallel=8',
    'kubetest2-ts noop --test=ginkgo -- --rerun-failed=_artifacts',
  ],
  flags,
  create: async ({ flags: values, run }) => {
    const { checkSources } = await import('./find-binaries.ts');
    checkSources(values);
    checkSelection(values);
    const plan = {
      values,
      extra: parseExtraArgs(values),
      variables: readVariables('--env', values.env, run.log),
      skew: { level: values.checkVersionSkew, ignored: values.checkVersionSkewIgnore.map(component) },
    };
    rejectNotRe2('--ginkgo.focus in --test-args', plan.extra.focus);
    rejectNotRe2('--ginkgo.skip in --test-args', plan.extra.skip);
    if (values.rerunFailed !== '' && plan.extra.focus.length > 0) throw exclusive('--ginkgo.focus in --test-args');
    const { GinkgoTester } = await import('./tester.ts');
    return new GinkgoTester(plan, run, async () => {
      const { openAcquirer } = await import('../../src/download/open-downloader.ts');
      return openAcquirer(run.acquire, run);
    });
  },
});

function checkSelection(values: GinkgoValues): void {
  rejectQuotes('--focus-regex', values.focusRegex);
  rejectQuotes('--skip-regex', values.skipRegex);
  rejectQuotes('--label-filter', values.labelFilter);
  if (values.parallel < 1) throw new UsageError(`invalid --parallel ${values.parallel}: must be at least 1`);
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(values.testPackageUrl)) {
    throw new UsageError(
      `invalid --test-package-url ${JSON.stringify(values.testPackageUrl)}: expected a URL such as https://dl.k8s.io`,
    );
  }
  if (values.rerunFailed !== '' && values.focusRegex !== '') throw exclusive('--focus-regex');
  rejectNotRe2('--focus-regex', [values.focusRegex]);
  rejectNotRe2('--skip-regex', [values.skipRegex]);
  if (values.flakeAttempts < 0)
    throw new UsageError(`invalid --flake-attempts ${values.flakeAttempts}: must not be negative`);
}

/** Quotes of a shell that became part of an expression: it would match nothing, or skip nothing. */
function rejectQuotes(flag: string, value: string): void {
  if (!isQuoted(value)) return;
  throw new UsageError(`invalid ${flag} ${value}: the quotes around it are part of the value; remove them`);
}

function exclusive(other: string): UsageError {
  return new UsageError(`--rerun-failed cannot be used with ${other}: it runs exactly the specs that failed`);
}

function component(value: string): SkewComponent {
  const found = SKEW_COMPONENTS.find((name) => name === value);
  if (found) return found;
  throw new UsageError(
    `invalid --check-version-skew-ignore ${JSON.stringify(value)}: expected one of ${SKEW_COMPONENTS.join(', ')}`,
  );
}
