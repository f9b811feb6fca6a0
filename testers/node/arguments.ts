import { formatDuration } from '../../src/api/duration.ts';
import type { NodeValues } from './binary-source.ts';
import type { Binaries } from './test-binary.ts';

/** What is known about the instances only when the tests start. */
export interface InstanceSettings {
  readonly project: string;
  readonly zone: string;
  readonly sshUser: string;
  /** The path of the private key; empty where the provider brings its own. */
  readonly sshKey: string;
}

/** The arguments of `make test-e2e-node`, in kubetest2's order. Omits an unset timeout or node env. */
export function makeArguments(values: NodeValues, instances: InstanceSettings): string[] {
  return [
    'REMOTE=true',
    ...selection(values),
    `CLOUDSDK_CORE_PROJECT=${instances.project}`,
    `ZONE=${instances.zone}`,
    `TEST_ARGS=${values.testArgs}`,
    ...ifSet('NODE_ENV', values.nodeEnv),
    `DELETE_INSTANCES=${values.deleteInstances}`,
    `PARALLELISM=${values.parallelism}`,
    `IMAGE_CONFIG_FILE=${values.imageConfigFile}`,
    `IMAGE_CONFIG_DIR=${values.imageConfigDir}`,
    `IMAGE_PROJECT=${values.imageProject}`,
    `IMAGES=${values.images}`,
    `INSTANCE_METADATA=${values.instanceMetadata}`,
    `USER_DATA_FILE=${values.userDataFile}`,
    `INSTANCE_TYPE=${values.instanceType}`,
    `SSH_USER=${instances.sshUser}`,
    `SSH_KEY=${instances.sshKey}`,
    ...building(values),
    ...ifSet('TIMEOUT', timeoutOf(values)),
    `LABEL_FILTER=${values.labelFilter}`,
    ...ifSet('RUNTIME_CONFIG', values.runtimeConfig || undefined),
  ];
}

/** The arguments of `make test-e2e-node` for tests on this host. */
export function makeLocalArguments(values: NodeValues): string[] {
  return [
    'REMOTE=false',
    ...selection(values),
    `TEST_ARGS=${values.testArgs}`,
    `PARALLELISM=${values.parallelism}`,
    ...building(values),
    `LABEL_FILTER=${values.labelFilter}`,
    ...ifSet('RUNTIME_CONFIG', values.runtimeConfig || undefined),
  ];
}

/** The arguments of `e2e_node.test remote`, in kubetest2's order. Omits an unset timeout or node env. */
export function remoteArguments(values: NodeValues, instances: InstanceSettings, binaries: Binaries): string[] {
  return [
    `--skip-regex=${values.skipRegex}`,
    `--focus-regex=${values.focusRegex}`,
    `--label-filter=${values.labelFilter}`,
    `--gcp-project=${instances.project}`,
    `--gcp-zone=${instances.zone}`,
    `--test-args=${values.testArgs}`,
    ...ifSet('--node-env', values.nodeEnv),
    `--delete-instances=${values.deleteInstances}`,
    `--parallelism=${values.parallelism}`,
    `--image-config-file=${values.imageConfigFile}`,
    `--image-config-dir=${values.imageConfigDir}`,
    `--image-project=${values.imageProject}`,
    `--images=${values.images}`,
    `--instance-metadata=${values.instanceMetadata}`,
    `--user-data-file=${values.userDataFile}`,
    `--instance-type=${values.instanceType}`,
    `--ssh-user=${instances.sshUser}`,
    `--ssh-key=${instances.sshKey}`,
    ...ifSet('--timeout', timeoutOf(values)),
    `--ginkgo-binary=${binaries.ginkgo}`,
    `--kubelet-binary=${binaries.kubelet}`,
    `--e2e-node-binary=${binaries.e2eNodeTest}`,
    ...ifSet('--runtime-config', values.runtimeConfig || undefined),
  ];
}

/**
 * The timeout of the tests on one instance, as the runner accepts it: that of --timeout; none (`0s`) when --test-args set
 * a timeout of ginkgo, which the runner's must not cut short; else undefined, for the runner's own.
 */
export function timeoutOf({ timeout, testArgs }: Pick<NodeValues, 'timeout' | 'testArgs'>): string | undefined {
  if (timeout !== undefined) return formatDuration(timeout);
  return /--?ginkgo\.timeout[= ]/.test(testArgs) ? formatDuration(0) : undefined;
}

function selection(values: NodeValues): string[] {
  return [`SKIP=${values.skipRegex}`, `FOCUS=${values.focusRegex}`];
}

function building(values: NodeValues): string[] {
  return [`USE_DOCKERIZED_BUILD=${values.useDockerizedBuild}`, `TARGET_BUILD_ARCH=${values.targetBuildArch}`];
}

function ifSet(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}
