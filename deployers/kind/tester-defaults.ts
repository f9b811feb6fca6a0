import type { Env } from '../../src/api/env.ts';
import { shellQuote } from '../../src/text/shell-quote.ts';
import { nodeCounts } from './config.ts';
import type { KindValues } from './flags.ts';

/**
 * Flags of the ginkgo tester from the variables of kind's e2e-k8s.sh and Kubernetes' hack/ginkgo-e2e.sh, so that their
 * jobs can keep their environment. --e2e-k8s adds the defaults of the scripts for variables that are not set.
 */
export function ginkgoDefaults(env: Env, values: KindValues): readonly string[] {
  const parallel = env['PARALLEL'] === 'true' || /^[yY]$/.test(env['GINKGO_PARALLEL'] ?? '');
  // More test binaries with race detection do not fit into the memory of a CI node.
  const processes = env['KUBE_RACE'] === '-race' ? '10' : '25';
  const conformance = values.e2eK8s && !env['LABEL_FILTER'] ? '\\[Conformance\\]' : '';
  const skip = [env['PARALLEL'] === 'true' ? '\\[Serial\\]' : '', env['SKIP'] ?? ''];
  return [
    ...flag('focus-regex', env['FOCUS'] ?? conformance),
    ...flag('skip-regex', skip.filter((each) => each !== '').join('|')),
    ...flag('label-filter', env['LABEL_FILTER']),
    ...flag('parallel', env['GINKGO_PARALLEL_NODES'] || (parallel ? processes : '')),
    ...flag('flake-attempts', env['GINKGO_TOLERATE_FLAKES'] === 'y' ? '2' : ''),
    ...flag('timeout', env['GINKGO_TIMEOUT']),
    ...flag('ginkgo-args', ginkgoArgs(env, values).join(' ')),
    ...flag('test-args', testArgs(env, values).join(' ')),
  ];
}

/** What e2e-k8s.sh also exports for the tests. */
export const SCRIPT_TEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  KUBERNETES_CONFORMANCE_TEST: 'y',
  KUBE_CONTAINER_RUNTIME: 'remote',
  KUBE_CONTAINER_RUNTIME_ENDPOINT: 'unix:///run/containerd/containerd.sock',
  KUBE_CONTAINER_RUNTIME_NAME: 'containerd',
};

function ginkgoArgs(env: Env, { e2eK8s }: KindValues): string[] {
  const value = (name: string, scriptDefault = '') => env[name] || (e2eK8s ? scriptDefault : '');
  const isSet = (name: string, scriptDefault?: string) => ['y', 'true'].includes(value(name, scriptDefault));
  const ifSet = (flag: string, text: string) => (text === '' ? [] : [`${flag}=${text}`]);
  const inCi = env['CI'] === 'true' ? 'y' : '';
  return [
    ...(isSet('GINKGO_UNTIL_IT_FAILS') ? ['--until-it-fails'] : []),
    ...(isSet('GINKGO_SILENCE_SKIPS', 'y') ? ['--silence-skips'] : []),
    ...(isSet('GINKGO_FORCE_NEWLINES', inCi) ? ['--force-newlines'] : []),
    ...(isSet('GINKGO_NO_COLOR', inCi) ? ['--no-color'] : []),
    ...ifSet('--poll-progress-after', value('GINKGO_POLL_PROGRESS_AFTER', '60m')),
    ...ifSet('--poll-progress-interval', value('GINKGO_POLL_PROGRESS_INTERVAL', '5m')),
  ];
}

/** The tester splits these as a shell would; the script splits KUBE_E2E_TEST_ARGS at spaces only. */
function testArgs(env: Env, values: KindValues): string[] {
  const extra = (env['KUBE_E2E_TEST_ARGS'] ?? '').split(/\s+/).filter((arg) => arg !== '');
  return [
    ...(values.e2eK8s ? [`--num-nodes=${nodeCounts(values)?.workers ?? 0}`, '--disable-log-dump=true'] : []),
    ...(env['PREPULL_IMAGES'] === 'true' ? ['--prepull-images=true'] : []),
    shellQuote(extra),
  ].filter((arg) => arg !== '');
}

function flag(name: string, value: string | undefined): string[] {
  return value ? [`--${name}=${value}`] : [];
}
