import { count, duration, each, list, oneOf, text, toggle, type Values } from '../../src/api/flags.ts';
import { boskosFlags } from '../../src/boskos/flags.ts';
import { buildFlags } from '../../src/kube-build/flags.ts';

const where = { group: 'Where the cluster is made' };
const shape = { group: 'The cluster' };
const failing = { group: 'When something goes wrong' };

/** The flags of the original gce deployer, with Boskos' and those of the build, then ours. */
export const flags = {
  repoRoot: text(
    "The root of the Kubernetes tree whose cluster/ has kube-up.sh: kubernetes/kubernetes with --legacy-mode, else kubernetes/cloud-provider-gcp. Default: the working directory, or an earlier call's.",
    '',
    where,
  ),
  legacyMode: toggle(
    '--repo-root is kubernetes/kubernetes and not kubernetes/cloud-provider-gcp; --build then makes quick-release.',
    false,
    where,
  ),
  gcpProject: text('The project for the machines. Empty: one leased from Boskos.', '', where),
  gcpZone: text("The zone for the machines. Empty: kube-up.sh's own default.", '', where),
  enableComputeApi: toggle(
    'Enable the compute API of the project before Up; a project that was never used needs it, and the account the permission for it.',
    false,
    where,
  ),

  numNodes: count('How many nodes the cluster has beside its master.', 3, shape),
  kubernetesVersion: text(
    'The version of the cluster, without --build: v1.36.1, 1.36, ci/latest, release/stable-1.36, or the address of a marker.',
    'https://dl.k8s.io/release/latest.txt',
    shape,
  ),
  masterSize: text('MASTER_SIZE for the scripts: the machine type of the master.', '', shape),
  nodeSize: text('NODE_SIZE for the scripts: the machine type of the nodes.', '', shape),
  nodeAccelerators: text('NODE_ACCELERATORS for the scripts, for instance type=nvidia-l4,count=2.', '', shape),
  nodeScopes: text('NODE_SCOPES for the scripts.', '', shape),
  nodeServiceAccount: text('KUBE_GCE_NODE_SERVICE_ACCOUNT for the scripts.', '', shape),
  runtimeConfig: text('KUBE_RUNTIME_CONFIG for the scripts.', '', shape),
  featureGates: text('KUBE_FEATURE_GATES for the scripts.', '', shape),
  cloudProvider: text('CLOUD_PROVIDER_FLAG for the scripts.', '', shape),
  ingressGceImage: text('GCE_GLBC_IMAGE for the scripts: the image of the ingress controller.', '', shape),
  createCustomNetwork: toggle('CREATE_CUSTOM_NETWORK=true for the scripts.', false, shape),
  enableCacheMutationDetector: toggle(
    'ENABLE_CACHE_MUTATION_DETECTOR=true for the scripts: whoever changes a shared informer cache panics.',
    false,
    shape,
  ),
  enablePodSecurityPolicy: toggle('ENABLE_POD_SECURITY_POLICY=true for the scripts.', false, shape),
  env: list(
    'Further variables for the scripts, NAME=VALUE; they win over those of all other flags. A value with a comma is quoted: \'"NAME=a,b"\'.',
    shape,
  ),

  overwriteLogsDir: toggle('Replace a cluster-logs folder that is there; without it a new one is made beside it.'),
  readyTimeout: duration(
    'How long the API has to answer and --num-nodes nodes to be Ready once kube-up.sh is done; 0 does not look.',
    10 * 60e3,
    failing,
  ),
  upRetries: count(
    'How often Up begins anew when it failed for want of machines or quota, its leftovers removed first. Anything else fails at once.',
    0,
    failing,
  ),
  upRetryPattern: each(
    'A further regular expression: an output of kube-up.sh that it matches is worth --up-retries.',
    failing,
  ),
  gcpZones: list('The zones for --up-retries after --gcp-zone, in turn.', failing),
  downRetries: count('How often kube-down.sh is run again when it fails.', 2, failing),
  leakedResources: oneOf(
    'What happens when machines, disks, addresses, rules or networks of this cluster are left after Down has tried to remove them one by one: warn, fail, or off for not looking.',
    ['warn', 'fail', 'off'],
    'warn',
    failing,
  ),
  ...boskosFlags,
  ...buildFlags,
} as const;

export type GceValues = Values<typeof flags>;
