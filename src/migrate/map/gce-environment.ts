import { type GceTests, lastOf, type Work } from '../draft/context.ts';
import { mapArgument } from '../draft/paths.ts';
import { Refused } from '../draft/refused.ts';
import { giveVariable, splitVariable } from '../draft/variables.ts';
import { isWellKnownPreset } from '../read/presets.ts';
import type { Given } from '../recognise/read-flags.ts';

/** Variables of kube-up.sh that the deployer has a flag for; toggles by the value that they stand for. */
const FLAGS: Readonly<Record<string, { readonly flag: string; readonly toggle?: boolean }>> = {
  KUBE_FEATURE_GATES: { flag: '--feature-gates' },
  ENABLE_CACHE_MUTATION_DETECTOR: { flag: '--enable-cache-mutation-detector', toggle: true },
  ENABLE_POD_SECURITY_POLICY: { flag: '--enable-pod-security-policy', toggle: true },
  CREATE_CUSTOM_NETWORK: { flag: '--create-custom-network', toggle: true },
  NODE_ACCELERATORS: { flag: '--node-accelerators' },
  GCE_GLBC_IMAGE: { flag: '--ingress-gce-image' },
  CLOUD_PROVIDER_FLAG: { flag: '--cloud-provider' },
  NODE_SCOPES: { flag: '--node-scopes' },
  NUM_NODES: { flag: '--num-nodes' },
};

/** Variables that flags of kubetest set; the flag wins. */
const BY_FLAG: Readonly<Record<string, string>> = {
  PROJECT: 'gcp-project',
  KUBE_GCE_ZONE: 'gcp-zone',
  REGION: 'gcp-region',
  NUM_NODES: 'gcp-nodes',
  NODE_SIZE: 'gcp-node-size',
  MASTER_SIZE: 'gcp-master-size',
  KUBE_NODE_OS_DISTRIBUTION: 'gcp-node-image',
  KUBE_MASTER_OS_DISTRIBUTION: 'gcp-master-image',
  KUBE_GCE_NETWORK: 'gcp-network',
  KUBE_RUNTIME_CONFIG: 'runtime-config',
  CLUSTER_IP_RANGE: 'cluster-ip-range',
};

/** What the deployer passes on by itself, or what kube-up.sh does not read. */
const NOT_FOR_KUBE_UP =
  /^(?:(?:E2E_)?GOOGLE_.*|GCE_SSH_.*|GCE_.*|JENKINS_GCE_.*|USER|GOPATH|GOPROXY|GOTOOLCHAIN|DOCKER_.*|AWS_.*|AZURE_.*|BAZEL.*|KUBE_SSH_.*|KUBE_GCS_.*|ARTIFACTS|HOME|PATH|WORKSPACE)$/;

/** What clusterloader2 reads. */
const FOR_TESTER = /^(?:CL2_|PROMETHEUS_)/;

/** The beginnings of what kube-up.sh and its configuration read. */
const KNOWN =
  /^(?:KUBE_|NODE_|MASTER_|ENABLE_|ETCD_|CLUSTER_|CONTAINER_|LOG_|LOGGING_|ADDON_|AUTHENTICATION_|CREATE_|CUSTOM_|DEFAULT_|DISABLE_|DNS_|FEATURE_GATES|FLANNEL_|GCE_|HEAPSTER_|HOSTED_|INSTANCE_PREFIX|IP_ALIAS|KUBELET_|KUBEPROXY_|KUBERNETES_|KUBECTL_|METADATA_|MULTI|NETWORK|NON_MASQUERADE_|NUM_|POD_|PREEMPTIBLE_|PREPULL_|PROJECT|PROXY_|REGION|REGISTER_|REGIONAL_|RUNTIME_|SCHEDULING_|SECONDARY_|SERVICE_|STORAGE_|SUBNETWORK|TEST_|USE_|VOLUME_|WINDOWS_|ZONE|ALLOWED_|API_SERVER_|APISERVER_|AUDIT_|AUTOSCAL|CONCURRENT_|CONTROLLER_|COREDNS|EMPTY|ENV_|EXTRA_|HAIRPIN_|HPA_|INITIAL_|KONNECTIVITY_|LOCAL_|MAX_|NETD_|NPD_|PREFER|RESOURCE_|SECURITY_|SCHEDULER_|STACKDRIVER_|STREAM|UBUNTU_|VERSION|GINKGO_|BUILD_METADATA_|CSI_|ADVANCED_|EGRESS_|PROBER_|TASK_|SYSTEM_|BOOTSTRAP|CLOUD_|COS_|DEPLOY_|HOLLOW_)/;

/** `--env=NAME=VALUE` of a job on GCE: to kube-up.sh, and to the container's environment for a test that reads it. */
export function mapEnvFlag(given: Given, work: Work, tests: GceTests): void {
  const { draft, flags } = work;
  const { name, value: typed } = splitVariable(given.value ?? '');
  const later = flags.findLast((each) => each.name === 'env' && splitVariable(each.value ?? '').name === name);
  if (later !== given) return draft.drop(given, `a later --env=${name} wins`);
  if (FOR_TESTER.test(name)) {
    const { to, why } = giveVariable(work, given, name, typed);
    return draft.fate(given, 'moved', to, `clusterloader2 reads it, kube-up.sh does not; ${why}`);
  }
  const decided = BY_FLAG[name];
  if (decided !== undefined && lastOf(work, decided)) return draft.drop(given, `--${decided} wins over it`);
  const argument = argumentFor(name, mapArgument(typed, work));
  draft.deployerArgs.push({ text: argument, from: given.words, weight: argument.length });
  if (!KNOWN.test(name)) draft.note(`--env=${name}: not a variable of kube-up.sh that is known here; it is passed on`);
  const also = tests === 'command' ? giveVariable(work, given, name, typed) : undefined;
  const kept = argument === `--env=${given.value}` && also === undefined;
  const why = also === undefined ? '' : `the test command reads it too; ${also.why}`;
  draft.fate(given, kept ? 'kept' : 'mapped', [argument, ...(also?.to ?? [])], why);
}

function argumentFor(name: string, value: string): string {
  const own = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
  if (own?.toggle && value === 'true') return own.flag;
  if (own && !own.toggle && (name !== 'NUM_NODES' || /^\d+$/.test(value))) return `${own.flag}=${value}`;
  return `--env=${listItem(`${name}=${value}`)}`;
}

/** One item of a list flag: in double quotes when it has a comma. */
function listItem(text: string): string {
  return text.includes(',') ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hands kube-up.sh what the container's environment and the job's presets set: it inherits nothing by itself. */
export function passEnvironment(work: Work, tests: GceTests): void {
  const { draft, presets, recognised } = work;
  refuseUnknownPresets(work);
  const own = (recognised.container?.env ?? []).map(({ name }) => name);
  const given = new Set(
    work.flags.flatMap(({ name, value }) => (name === 'env' ? [splitVariable(value ?? '').name] : [])),
  );
  for (const name of new Set([...own, ...presets.names])) {
    if (NOT_FOR_KUBE_UP.test(name) || FOR_TESTER.test(name) || given.has(name) || isDecided(name, work)) continue;
    if (tests === 'command' && name.startsWith('GINKGO_')) continue;
    const why = own.includes(name) ? 'env: of the container' : 'a preset of the job';
    draft.add('deployer', `--env=${name}`, `${why} sets it; its value comes from the environment`);
  }
}

function isDecided(name: string, work: Work): boolean {
  const flag = BY_FLAG[name];
  const value = flag === undefined ? undefined : lastOf(work, flag);
  return value !== undefined && value !== '';
}

function refuseUnknownPresets({ draft, presets }: Work): void {
  const unknown = presets.dead.filter((label) => !isWellKnownPreset(label));
  if (unknown.length === 0) return;
  if (!presets.found) {
    throw new Refused(
      `preset label ${unknown.join(', ')}: what kube-up.sh reads may come from a preset that is not in these files`,
      'name the files with the presets: --presets=PATH (config/prow/config.yaml and the job files)',
    );
  }
  for (const label of unknown) draft.note(`the label ${label} names no preset: it has no effect`);
}
