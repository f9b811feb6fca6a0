import { formatDuration } from '../../src/api/duration.ts';
import type { NodeValues } from './binary-source.ts';
import type { Binaries } from './test-binary.ts';

/** What is known about the machines only when the tests start. */
export interface Machines {
  readonly project: string;
  readonly zone: string;
  readonly sshUser: string;
  /** The path of the private key; empty where the provider brings its own. */
  readonly sshKey: string;
}

/** The words after `make test-e2e-node`, in kubetest2's order. A limit or node env nobody gave is not sent. */
export function makeArguments(values: NodeValues, machines: Machines): string[] {
  return [
    'REMOTE=true',
    ...selection(values),
    `CLOUDSDK_CORE_PROJECT=${machines.project}`,
    `ZONE=${machines.zone}`,
    `TEST_ARGS=${values.testArgs}`,
    ...given('NODE_ENV', values.nodeEnv),
    `DELETE_INSTANCES=${values.deleteInstances}`,
    `PARALLELISM=${values.parallelism}`,
    `IMAGE_CONFIG_FILE=${values.imageConfigFile}`,
    `IMAGE_CONFIG_DIR=${values.imageConfigDir}`,
    `IMAGE_PROJECT=${values.imageProject}`,
    `IMAGES=${values.images}`,
    `INSTANCE_METADATA=${values.instanceMetadata}`,
    `USER_DATA_FILE=${values.userDataFile}`,
    `INSTANCE_TYPE=${values.instanceType}`,
    `SSH_USER=${machines.sshUser}`,
    `SSH_KEY=${machines.sshKey}`,
    ...building(values),
    ...given('TIMEOUT', limitOf(values)),
    `LABEL_FILTER=${values.labelFilter}`,
    ...given('RUNTIME_CONFIG', values.runtimeConfig || undefined),
  ];
}

/** The words after `make test-e2e-node` for tests on this host. */
export function makeLocalArguments(values: NodeValues): string[] {
  return [
    'REMOTE=false',
    ...selection(values),
    `TEST_ARGS=${values.testArgs}`,
    `PARALLELISM=${values.parallelism}`,
    ...building(values),
    `LABEL_FILTER=${values.labelFilter}`,
    ...given('RUNTIME_CONFIG', values.runtimeConfig || undefined),
  ];
}

/** The words after `e2e_node.test remote`, in kubetest2's order. A limit or node env nobody gave is not sent. */
export function remoteArguments(values: NodeValues, machines: Machines, binaries: Binaries): string[] {
  return [
    `--skip-regex=${values.skipRegex}`,
    `--focus-regex=${values.focusRegex}`,
    `--label-filter=${values.labelFilter}`,
    `--gcp-project=${machines.project}`,
    `--gcp-zone=${machines.zone}`,
    `--test-args=${values.testArgs}`,
    ...given('--node-env', values.nodeEnv),
    `--delete-instances=${values.deleteInstances}`,
    `--parallelism=${values.parallelism}`,
    `--image-config-file=${values.imageConfigFile}`,
    `--image-config-dir=${values.imageConfigDir}`,
    `--image-project=${values.imageProject}`,
    `--images=${values.images}`,
    `--instance-metadata=${values.instanceMetadata}`,
    `--user-data-file=${values.userDataFile}`,
    `--instance-type=${values.instanceType}`,
    `--ssh-user=${machines.sshUser}`,
    `--ssh-key=${machines.sshKey}`,
    ...given('--timeout', limitOf(values)),
    `--ginkgo-binary=${binaries.ginkgo}`,
    `--kubelet-binary=${binaries.kubelet}`,
    `--e2e-node-binary=${binaries.e2eNodeTest}`,
    ...given('--runtime-config', values.runtimeConfig || undefined),
  ];
}

/**
 * The limit for the tests on one machine, as the runner takes it: what was typed; none (`0s`) where --test-args bring
 * ginkgo a limit of its own, which the runner's must not cut short; else undefined, so that the runner's holds.
 */
export function limitOf({ timeout, testArgs }: Pick<NodeValues, 'timeout' | 'testArgs'>): string | undefined {
  if (timeout !== undefined) return formatDuration(timeout);
  return /--?ginkgo\.timeout[= ]/.test(testArgs) ? formatDuration(0) : undefined;
}

function selection(values: NodeValues): string[] {
  return [`SKIP=${values.skipRegex}`, `FOCUS=${values.focusRegex}`];
}

function building(values: NodeValues): string[] {
  return [`USE_DOCKERIZED_BUILD=${values.useDockerizedBuild}`, `TARGET_BUILD_ARCH=${values.targetBuildArch}`];
}

function given(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`${name}=${value}`];
}
