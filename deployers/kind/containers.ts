import { messageOf } from '../../src/api/errors.ts';
import { linesOfProvider, type Tools } from './exec-kind.ts';

/** A container that is a node of a kind cluster, or its load balancer. */
export interface NodeContainer {
  readonly id: string;
  readonly name: string;
}

/** The containers with kind's label for a cluster, including stopped ones. */
export async function containersOf(tools: Tools, cluster: string, signal: AbortSignal): Promise<NodeContainer[]> {
  const filter = `label=io.x-k8s.kind.cluster=${cluster}`;
  const args = ['ps', '-a', '--no-trunc', '--filter', filter, '--format', '{{.ID}} {{.Names}}'];
  const lines = await linesOfProvider(tools, args, signal);
  return lines.map((line) => {
    const [id = '', name = ''] = line.split(' ');
    return { id, name };
  });
}

/** The number of containers that are Kubernetes nodes. */
export function countNodes(containers: readonly NodeContainer[]): number {
  return containers.filter(({ name }) => !name.endsWith('-external-load-balancer')).length;
}

/** True when `kind create` will create the network that its clusters share, so that this run removes it. */
export async function needsKindNetwork(tools: Tools, signal: AbortSignal): Promise<boolean> {
  if (hasOwnNetwork(tools)) return false;
  try {
    return !(await linesOfProvider(tools, ['network', 'ls', '--format', '{{.Name}}'], signal)).includes('kind');
  } catch {
    // A network that cannot be listed is not ours. The listing of the containers reports the provider's error.
    signal.throwIfAborted();
    return false;
  }
}

/** Removes the network. The provider rejects that, rightly, while another cluster's containers use it. */
export async function removeKindNetwork(tools: Tools, signal: AbortSignal): Promise<void> {
  if (hasOwnNetwork(tools)) return;
  try {
    await linesOfProvider(tools, ['network', 'rm', 'kind'], signal);
  } catch (error) {
    signal.throwIfAborted();
    tools.run.log.detail(1, `Keeping network "kind": ${messageOf(error)}`);
  }
}

/** A network that the user has configured is not managed here. nerdctl and finch have no such variable. */
function hasOwnNetwork({ run, provider }: Tools): boolean {
  const { KIND_EXPERIMENTAL_DOCKER_NETWORK: docker, KIND_EXPERIMENTAL_PODMAN_NETWORK: podman } = run.env;
  return Boolean((provider === 'docker' && docker) || (provider === 'podman' && podman));
}
