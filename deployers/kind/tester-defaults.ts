import type { Env } from '../../src/api/env.ts';
import { shellQuote } from '../../src/text/shell-quote.ts';
import { wantedNodes } from './config.ts';
import type { KindValues } from './flags.ts';

/**
 * Flags of the ginkgo tester, out of the variables that kind's e2e-k8s.sh and Kubernetes' hack/ginkgo-e2e.sh read, so
 * that their jobs can keep their environment. --e2e-k8s adds what the scripts do with variables that are not set.
 */
export function ginkgoDefaults(env: Env, values: KindValues): readonly string[] {
  const parallel = env['PARALLEL'] === 'true' || /^[yY]$/.test(env['GINKGO_PARALLEL'] ?? '');
  // More than these test binaries with race detection do not fit into the memory of a CI machine.
  const atOnce = env['KUBE_RACE'] === '-race' ? '10' : '25';
  const conformance = values.e2eK8s && !env['LABEL_FILTER'] ? '\\[Conformance\\]' : '';
  const skip = [env['PARALLEL'] === 'true' ? '\\[Serial\\]' : '', env['SKIP'] ?? ''];
  return [
    ...flag('focus-regex', env['FOCUS'] ?? conformance),
    ...flag('skip-regex', skip.filter((each) => each !== '').join('|')),
    ...flag('label-filter', env['LABEL_FILTER']),
    ...flag('parallel', env['GINKGO_PARALLEL_NODES'] || (parallel ? atOnce : '')),
    ...flag('flake-attempts', env['GINKGO_TOLERATE_FLAKES'] === 'y' ? '2' : ''),
    ...flag('timeout', env['GINKGO_TIMEOUT']),
    ...flag('ginkgo-args', ginkgoArgs(env, values).join(' ')),
    ...flag('test-args', testArgs(env, values).join(' ')),
  ];
}

/** What e2e-k8s.sh exports for the tests beside that. */
export const SCRIPT_TEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  KUBERNETES_CONFORMANCE_TEST: 'y',
  KUBE_CONTAINER_RUNTIME: 'remote',
  KUBE_CONTAINER_RUNTIME_ENDPOINT: 'unix:///run/containerd/containerd.sock',
  KUBE_CONTAINER_RUNTIME_NAME: 'containerd',
};

function ginkgoArgs(env: Env, { e2eK8s }: KindValues): string[] {
  const value = (name: string, ofScript = '') => env[name] || (e2eK8s ? ofScript : '');
  const said = (name: string, ofScript?: string) => ['y', 'true'].includes(value(name, ofScript));
  const valued = (flag: string, given: string) => (given === '' ? [] : [`${flag}=${given}`]);
  const inCi = env['CI'] === 'true' ? 'y' : '';
  return [
    ...(said('GINKGO_UNTIL_IT_FAILS') ? ['--until-it-fails'] : []),
    ...(said('GINKGO_SILENCE_SKIPS', 'y') ? ['--silence-skips'] : []),
    ...(said('GINKGO_FORCE_NEWLINES', inCi) ? ['--force-newlines'] : []),
    ...(said('GINKGO_NO_COLOR', inCi) ? ['--no-color'] : []),
    ...valued('--poll-progress-after', value('GINKGO_POLL_PROGRESS_AFTER', '60m')),
    ...valued('--poll-progress-interval', value('GINKGO_POLL_PROGRESS_INTERVAL', '5m')),
  ];
}

/** The tester splits these as a shell would, the script KUBE_E2E_TEST_ARGS at spaces alone. */
function testArgs(env: Env, values: KindValues): string[] {
  const extra = (env['KUBE_E2E_TEST_ARGS'] ?? '').split(/\s+/).filter((word) => word !== '');
  return [
    ...(values.e2eK8s ? [`--num-nodes=${wantedNodes(values)?.workers ?? 0}`, '--disable-log-dump=true'] : []),
    ...(env['PREPULL_IMAGES'] === 'true' ? ['--prepull-images=true'] : []),
    shellQuote(extra),
  ].filter((word) => word !== '');
}

function flag(name: string, value: string | undefined): string[] {
  return value ? [`--${name}=${value}`] : [];
}
