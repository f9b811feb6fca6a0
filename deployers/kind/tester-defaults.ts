import type { Env } from '../../src/run.ts';
import type { KindValues } from './flags.ts';

/**
 * Flags of the ginkgo tester, out of the variables that kind's e2e-k8s.sh and Kubernetes' hack/ginkgo-e2e.sh read, so
 * that their jobs can keep their environment. --e2e-k8s adds what the script does with variables that are not set.
 */
export function ginkgoDefaults(env: Env, { e2eK8s, workers }: KindValues): readonly string[] {
  const parallel = env['PARALLEL'] === 'true' || env['GINKGO_PARALLEL'] === 'y';
  const conformance = e2eK8s && !env['LABEL_FILTER'] ? '\\[Conformance\\]' : '';
  const skip = [env['PARALLEL'] === 'true' ? '\\[Serial\\]' : '', env['SKIP'] ?? ''];
  return [
    ...flag('focus-regex', env['FOCUS'] ?? conformance),
    ...flag('skip-regex', skip.filter((each) => each !== '').join('|')),
    ...flag('label-filter', env['LABEL_FILTER']),
    ...flag('parallel', env['GINKGO_PARALLEL_NODES'] || (parallel ? '25' : '')),
    ...flag('flake-attempts', env['GINKGO_TOLERATE_FLAKES'] === 'y' ? '2' : ''),
    ...flag('timeout', env['GINKGO_TIMEOUT']),
    ...flag('ginkgo-args', ginkgoArgs(env).join(' ')),
    ...flag('test-args', e2eK8s ? `--num-nodes=${workers ?? 2} --disable-log-dump=true` : ''),
  ];
}

/** What e2e-k8s.sh exports for the tests beside that. */
export const SCRIPT_TEST_ENVIRONMENT: Readonly<Record<string, string>> = {
  KUBERNETES_CONFORMANCE_TEST: 'y',
  KUBE_CONTAINER_RUNTIME: 'remote',
  KUBE_CONTAINER_RUNTIME_ENDPOINT: 'unix:///run/containerd/containerd.sock',
  KUBE_CONTAINER_RUNTIME_NAME: 'containerd',
};

function ginkgoArgs(env: Env): string[] {
  const said = (name: string) => env[name] === 'y' || env[name] === 'true';
  const valued = (flag: string, name: string) => (env[name] ? [`${flag}=${env[name]}`] : []);
  return [
    ...(said('GINKGO_UNTIL_IT_FAILS') ? ['--until-it-fails'] : []),
    ...(said('GINKGO_SILENCE_SKIPS') ? ['--silence-skips'] : []),
    ...(said('GINKGO_FORCE_NEWLINES') ? ['--force-newlines'] : []),
    ...(said('GINKGO_NO_COLOR') ? ['--no-color'] : []),
    ...valued('--poll-progress-after', 'GINKGO_POLL_PROGRESS_AFTER'),
    ...valued('--poll-progress-interval', 'GINKGO_POLL_PROGRESS_INTERVAL'),
  ];
}

function flag(name: string, value: string | undefined): string[] {
  return value ? [`--${name}=${value}`] : [];
}
