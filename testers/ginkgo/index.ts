import { readVariables } from '../../src/api/env-flag.ts';
import { UsageError } from '../../src/api/errors.ts';
import { defineTester } from '../../src/api/tester.ts';
import { SKEW_COMPONENTS, type SkewComponent } from '../../src/kube/skew/rules.ts';
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
  if (values.rerunFailed !== '' && values.focusRegex !== '') throw exclusive('--focus-regex');
  rejectNotRe2('--focus-regex', [values.focusRegex]);
  rejectNotRe2('--skip-regex', [values.skipRegex]);
  if (values.flakeAttempts < 0)
    throw new UsageError(`invalid --flake-attempts ${values.flakeAttempts}: must not be negative`);
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
