import { join } from 'node:path';
import type { Env } from '../../src/api/env.ts';
import { UsageError } from '../../src/api/errors.ts';
import type { Run } from '../../src/api/run.ts';
import { instancePrefix } from '../../src/gcp/names.ts';
import type { GceContext } from './context.ts';

/**
 * The variables of the kube-up scripts that the flags and the run set, with the names and values of kubetest2's gce
 * deployer; those of --env come last and win. Throws UsageError when one that deletions depend on is empty.
 */
export function scriptVariables(
  { run, values, variables: overrides }: GceContext,
  project: string,
  zone: string,
): Record<string, string> {
  const name = instancePrefix(run.id);
  const { USER: user } = run.env;
  const variables: Env = {
    // The log dump logs in as $USER, and instances on GCE reject root; the scripts fail when it is unset.
    USER: user === undefined || user === '' || user === 'root' ? 'kubetest2' : user,
    PROJECT: project,
    KUBE_GCE_ZONE: zone,
    KUBECONFIG: kubeconfigPath(run),
    KUBE_GCE_INSTANCE_PREFIX: name,
    KUBE_GCE_NETWORK: name,
    NUM_NODES: String(values.numNodes),
    CLUSTER_IP_RANGE: clusterIpRange(values.numNodes),
    NETWORK: name,
    NODE_ACCELERATORS: values.nodeAccelerators,
    ...(values.enableCacheMutationDetector && { ENABLE_CACHE_MUTATION_DETECTOR: 'true' }),
    ...ifSet('KUBE_RUNTIME_CONFIG', values.runtimeConfig),
    ...(values.enablePodSecurityPolicy && { ENABLE_POD_SECURITY_POLICY: 'true' }),
    ...(values.createCustomNetwork && { CREATE_CUSTOM_NETWORK: 'true' }),
    ...ifSet('MASTER_SIZE', values.masterSize),
    ...ifSet('NODE_SIZE', values.nodeSize),
    KUBE_CONFIG_FILE: 'config-test.sh',
    ...ifSet('NODE_SCOPES', values.nodeScopes),
    ...ifSet('KUBE_GCE_NODE_SERVICE_ACCOUNT', values.nodeServiceAccount),
    ...ifSet('GCE_GLBC_IMAGE', values.ingressGceImage),
    ...ifSet('CLOUD_PROVIDER_FLAG', values.cloudProvider),
    ...ifSet('KUBE_FEATURE_GATES', values.featureGates),
    ...ifSet('KUBE_BUILD_PLATFORMS', values.targetBuildArch),
    ...overrides,
  };
  const empty = ['PROJECT', 'KUBE_GCE_INSTANCE_PREFIX', 'KUBE_GCE_NETWORK'].filter((each) => variables[each] === '');
  if (project !== '' && empty.length > 0) throw new UsageError(`invalid --env: ${empty.join(', ')} must not be empty`);
  return variables as Record<string, string>;
}

/** The part of the run's environment that the scripts inherit: programs, home, credentials, proxies. */
export function inheritedEnvironment(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => INHERITED.test(name)));
}

/** Where kube-up.sh writes the kubeconfig of the cluster. */
export const kubeconfigPath = (run: Run): string => join(run.dir, 'kubetest2-kubeconfig');

/** The range that kube-up uses for clusters of that size. */
export function clusterIpRange(nodes: number): string {
  if (nodes > 4000) return '10.64.0.0/11';
  if (nodes > 2000) return '10.64.0.0/12';
  return nodes > 1000 ? '10.64.0.0/13' : '10.64.0.0/14';
}

const ifSet = (name: string, value: string) => (value === '' ? {} : { [name]: value });

const INHERITED =
  /^(PATH|HOME|SHELL|TERM|TMPDIR|LANG|LC_\w+|TZ|ARTIFACTS|KUBETEST2_\w+|XDG_\w+|CLOUDSDK_\w+|GOOGLE_\w+|GCE_\w+|JENKINS_GCE_\w+|BOTO_\w+|SSH_AUTH_SOCK|KUBE_SSH_\w+|SSL_CERT_\w+|(REQUESTS|CURL)_CA_BUNDLE|(http|https|no|all|ftp)_proxy)$/i;
