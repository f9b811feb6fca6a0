import { count, duration, each, list, oneOf, text, toggle, type Values, variables } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';
import { buildFlags } from '../../src/kube-build/flags.ts';

const location = { group: 'Source tree and project' };
const cluster = { group: 'Cluster' };
const failures = { group: 'Failures and leaks' };

/** The flags of the original gce deployer, with those of Boskos and the build, then ours. */
export const flags = {
  repoRoot: text(
    'Root of the source tree with cluster/kube-up.sh: kubernetes/kubernetes with --legacy-mode, else kubernetes/cloud-provider-gcp (default: the tree of an earlier call of the run, else the working directory).',
    '',
    location,
  ),
  legacyMode: toggle(
    '--repo-root is kubernetes/kubernetes instead of kubernetes/cloud-provider-gcp; --build then runs make quick-release.',
    false,
    location,
  ),
  gcpProject: text('Project of the cluster (default: one leased from Boskos).', '', location),
  gcpZone: text("Zone of the cluster (default: kube-up.sh's own).", '', location),
  enableComputeApi: toggle(
    "Enable the project's Compute Engine API before Up. New projects need it; the account needs the permission.",
    false,
    location,
  ),

  kubeconfig: text(
    'Kubeconfig of an existing cluster to test, without --up (default: that of the cluster of the run, else $KUBECONFIG, else ~/.kube/config).',
    '',
    cluster,
  ),
  numNodes: count('Number of worker nodes.', 3, cluster),
  kubernetesVersion: text(
    'Kubernetes version of the cluster, without --build: v1.36.1, 1.36, ci/latest, release/stable-1.36, or the URL of a version marker.',
    'https://dl.k8s.io/release/latest.txt',
    cluster,
  ),
  masterSize: text('Machine type of the control plane (MASTER_SIZE of the scripts).', '', cluster),
  nodeSize: text('Machine type of the nodes (NODE_SIZE of the scripts).', '', cluster),
  nodeAccelerators: text(
    'Accelerators of the nodes, such as type=nvidia-l4,count=2 (NODE_ACCELERATORS of the scripts).',
    '',
    cluster,
  ),
  nodeScopes: text('Access scopes of the nodes (NODE_SCOPES of the scripts).', '', cluster),
  nodeServiceAccount: text('Service account of the nodes (KUBE_GCE_NODE_SERVICE_ACCOUNT of the scripts).', '', cluster),
  runtimeConfig: text("The API server's --runtime-config (KUBE_RUNTIME_CONFIG of the scripts).", '', cluster),
  featureGates: text('Feature gates of the cluster (KUBE_FEATURE_GATES of the scripts).', '', cluster),
  cloudProvider: text('Cloud provider of the components (CLOUD_PROVIDER_FLAG of the scripts).', '', cluster),
  ingressGceImage: text('Image of the ingress controller (GCE_GLBC_IMAGE of the scripts).', '', cluster),
  createCustomNetwork: toggle('Set CREATE_CUSTOM_NETWORK=true for the scripts.', false, cluster),
  enableCacheMutationDetector: toggle(
    'Set ENABLE_CACHE_MUTATION_DETECTOR=true for the scripts: components panic when they change a shared informer cache.',
    false,
    cluster,
  ),
  enablePodSecurityPolicy: toggle('Set ENABLE_POD_SECURITY_POLICY=true for the scripts.', false, cluster),
  env: variables(
    'Additional environment variables of the scripts, NAME=VALUE, or NAME for its value in the environment; they override those of all other flags. Quote values with commas: \'"NAME=a,b"\'.',
    cluster,
  ),

  overwriteLogsDir: toggle('Replace an existing cluster-logs directory instead of creating another one beside it.'),
  readyTimeout: duration(
    'Timeout for the API to answer and --num-nodes nodes to become Ready after kube-up.sh; 0 skips the check.',
    10 * 60e3,
    failures,
  ),
  upRetries: count(
    'How often to retry Up, after a teardown, when it failed for lack of capacity or quota. Other failures are not retried.',
    0,
    failures,
  ),
  upRetryPattern: each(
    'Additional regular expression: a failure of kube-up.sh whose output matches is retried as well.',
    failures,
  ),
  gcpZones: list('Zones that --up-retries uses in turn after --gcp-zone.', failures),
  downRetries: count('How often to retry kube-down.sh when it fails.', 2, failures),
  leakedResources: oneOf(
    'What to do if instances, disks, addresses, firewall rules or networks of this cluster still exist after Down has also deleted them one by one: warn, fail, or off to skip the check.',
    ['warn', 'fail', 'off'],
    'warn',
    failures,
  ),
  ...boskosFlags,
  ...buildFlags,
} as const;

export type GceValues = Values<typeof flags>;
