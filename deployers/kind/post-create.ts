import { type Api, ApiError, openApi } from '../../src/kube/api.ts';
import { componentSettings, type KindConfig } from './config.ts';
import { kubeconfigPath, type Tools } from './exec-kind.ts';

/**
 * Configures a new cluster as kind's e2e-k8s.sh does: sets the log level of kube-proxy, and makes the CoreDNS of an IPv6
 * cluster work without an external resolver.
 */
export async function configureCluster(
  tools: Tools,
  name: string,
  config: KindConfig,
  signal: AbortSignal,
): Promise<void> {
  const { run, values } = tools;
  const { logLevel } = componentSettings(values);
  const networking = config['networking'] as { ipFamily?: unknown } | null | undefined;
  const ipv6 = networking?.ipFamily === 'ipv6';
  if (logLevel === undefined && !ipv6) return;
  const kubeconfig = kubeconfigPath(tools);
  const api = await openApi({ kubeconfig, context: `kind-${name}`, exec: run.exec, env: run.env });
  if (logLevel !== undefined) await setKubeProxyLogLevel(api, logLevel, signal);
  if (ipv6) await makeCoreDnsOffline(api, signal);
}

async function setKubeProxyLogLevel(api: Api, level: number, signal: AbortSignal): Promise<void> {
  const path = '/spec/template/spec/containers/0/command/-';
  const patch = [{ op: 'add', path, value: `--v=${level}` }];
  try {
    await api.patch(`${APPS}/daemonsets/kube-proxy`, 'json-patch', patch, signal);
  } catch (error) {
    // The cluster may have no kube-proxy.
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
}

async function makeCoreDnsOffline(api: Api, signal: AbortSignal): Promise<void> {
  const { data } = (await api.get(CORE_DNS, signal)) as { data?: { Corefile?: string } };
  const patch = { data: { Corefile: offlineCorefile(data?.Corefile ?? '') } };
  await api.patch(CORE_DNS, 'merge-patch', patch, signal);
}

const APPS = '/apis/apps/v1/namespaces/kube-system';
const CORE_DNS = '/api/v1/namespaces/kube-system/configmaps/coredns';

/**
 * A Corefile that also serves `internal`, the search domain of CI hosts, and forwards no queries: without external IPv6
 * each of them would return SERVFAIL, after which resolvers give up.
 */
export function offlineCorefile(corefile: string): string {
  return corefile
    .split('\n')
    .filter((line) => !/upstream$|fallthrough|forward \. \/etc\/resolv\.conf$|^\s*loop$/.test(line))
    .map((line) => line.replace('kubernetes cluster.local', 'kubernetes cluster.local internal'))
    .join('\n');
}
