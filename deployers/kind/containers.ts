import { messageOf } from '../../src/api/errors.ts';
import { askProvider, type Tools } from './exec-kind.ts';

/** A container that is a node of a kind cluster, or its load balancer. */
export interface NodeContainer {
  readonly id: string;
  readonly name: string;
}

/** The containers that carry kind's label for a cluster, stopped ones too. */
export async function containersOf(tools: Tools, cluster: string, signal: AbortSignal): Promise<NodeContainer[]> {
  const filter = `label=io.x-k8s.kind.cluster=${cluster}`;
  const words = ['ps', '-a', '--no-trunc', '--filter', filter, '--format', '{{.ID}} {{.Names}}'];
  const lines = await askProvider(tools, words, signal);
  return lines.map((line) => {
    const [id = '', name = ''] = line.split(' ');
    return { id, name };
  });
}

/** How many of a cluster's containers are nodes of Kubernetes. */
export function countNodes(containers: readonly NodeContainer[]): number {
  return containers.filter(({ name }) => !name.endsWith('-external-load-balancer')).length;
}

/** True when `kind create` will have to make the network its clusters share, so that it is ours to remove. */
export async function lacksKindNetwork(tools: Tools, signal: AbortSignal): Promise<boolean> {
  if (choseNetwork(tools)) return false;
  try {
    return !(await askProvider(tools, ['network', 'ls', '--format', '{{.Name}}'], signal)).includes('kind');
  } catch {
    // A network that cannot be seen is not ours. What is wrong with the provider shows where its containers are listed.
    signal.throwIfAborted();
    return false;
  }
}

/** Removes the network, unless another cluster's containers are in it: then the provider refuses, and that is right. */
export async function removeKindNetwork(tools: Tools, signal: AbortSignal): Promise<void> {
  if (choseNetwork(tools)) return;
  try {
    await askProvider(tools, ['network', 'rm', 'kind'], signal);
  } catch (error) {
    signal.throwIfAborted();
    tools.run.log.detail(1, `The network kind stays: ${messageOf(error)}`);
  }
}

/** A network that the user has chosen is the user's to look after. nerdctl and finch know no such variable. */
function choseNetwork({ run, provider }: Tools): boolean {
  const { KIND_EXPERIMENTAL_DOCKER_NETWORK: docker, KIND_EXPERIMENTAL_PODMAN_NETWORK: podman } = run.env;
  return Boolean((provider === 'docker' && docker) || (provider === 'podman' && podman));
}
