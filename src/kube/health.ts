import type { Api } from './api.ts';

/** What is missing until a cluster is ready. */
export interface ClusterHealth {
  /** One sentence; empty when the cluster is ready. */
  readonly missing: string;
  /** Node conditions and states of system pods, one a line. */
  readonly details: string;
}

/** Which nodes must be Ready. */
export interface WantedNodes {
  /** How many, at least; all existing ones, and at least one, when absent. */
  readonly nodes?: number;
  /** Whether `nodes` counts a node of that name; all when absent. The others must be Ready as well. */
  readonly counts?: (name: string) => boolean;
  /** How many of all may be missing or not Ready. Default: 0. */
  readonly allowedNotReady?: number;
}

/**
 * Checks once whether every node is Ready (as many as wanted), and CoreDNS available if it is installed.
 * Throws as `Api.get` does.
 */
export async function checkCluster(api: Api, wanted: WantedNodes, signal: AbortSignal): Promise<ClusterHealth> {
  const [nodes, deployments] = await Promise.all([
    items<Node>(api, '/api/v1/nodes', signal),
    items<Deployment>(api, `${DNS}?labelSelector=k8s-app%3Dkube-dns`, signal),
  ]);
  const missing = [missingNodes(nodes, wanted), missingDns(deployments)].filter((each) => each !== '');
  if (missing.length === 0) return { missing: '', details: '' };
  const pods = await items<Pod>(api, '/api/v1/namespaces/kube-system/pods', signal);
  const details = [...nodes.map(nodeLine), ...pods.filter((pod) => !podReady(pod)).map(podLine)];
  return { missing: missing.join('; '), details: details.join('\n') };
}

const DNS = '/apis/apps/v1/namespaces/kube-system/deployments';

interface Named {
  readonly metadata: { readonly name: string };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

interface Node extends Named {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

interface Deployment extends Named {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly conditions?: readonly Condition[]; readonly availableReplicas?: number };
}

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly terminated?: { readonly reason?: string; readonly message?: string; readonly exitCode?: number };
}

interface Pod extends Named {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly { readonly name: string; readonly state?: ContainerState }[];
  };
}

async function items<T>(api: Api, path: string, signal: AbortSignal): Promise<readonly T[]> {
  const response = (await api.get(path, signal)) as { items?: readonly T[] | null };
  return response.items ?? [];
}

function missingNodes(nodes: readonly Node[], wanted: WantedNodes): string {
  const { counts = () => true, allowedNotReady: allowed = 0 } = wanted;
  const waiting = nodes.filter((node) => ready(node.status?.conditions)?.status !== 'True');
  const others = nodes.filter(({ metadata }) => !counts(metadata.name)).length;
  const expected = Math.max(wanted.nodes === undefined ? nodes.length : wanted.nodes + others, 1);
  const notReady = Math.max(expected, nodes.length) - (nodes.length - waiting.length);
  if (notReady <= allowed && nodes.length > waiting.length) return '';
  const counted = `${nodes.length - waiting.length} of ${Math.max(expected, nodes.length)} nodes Ready`;
  const first = waiting[0];
  return first === undefined ? counted : `${counted}, ${nodeLine(first)}`;
}

function missingDns(deployments: readonly Deployment[]): string {
  const waiting = deployments.find((each) => conditionOf(each.status?.conditions, 'Available')?.status !== 'True');
  if (waiting === undefined) return '';
  const { availableReplicas = 0 } = waiting.status ?? {};
  return `CoreDNS not available (${availableReplicas} of ${waiting.spec?.replicas ?? 1} pods)`;
}

function nodeLine({ metadata, status }: Node): string {
  const condition = ready(status?.conditions);
  if (condition === undefined) return `node ${metadata.name} has not reported its status`;
  if (condition.status === 'True') return `node ${metadata.name} is Ready`;
  return `node ${metadata.name} is not Ready${because(condition)}`;
}

function podLine({ metadata, spec, status }: Pod): string {
  const where = spec?.nodeName === undefined ? '' : ` on ${spec.nodeName}`;
  const containers = (status?.containerStatuses ?? []).flatMap(({ name, state }) => {
    const problem = state?.waiting ?? state?.terminated;
    return problem === undefined ? [] : [`${name}${because(problem)}`];
  });
  const scheduled = conditionOf(status?.conditions, 'PodScheduled');
  if (scheduled !== undefined && scheduled.status !== 'True') containers.push(`not scheduled${because(scheduled)}`);
  return [`pod ${metadata.name}${where} is ${status?.phase ?? 'Unknown'}`, ...containers].join('; ');
}

function podReady({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || ready(status?.conditions)?.status === 'True';
}

const ready = (conditions: readonly Condition[] | undefined) => conditionOf(conditions, 'Ready');

function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type);
}

function because({ reason, message }: { readonly reason?: string; readonly message?: string }): string {
  const text = [reason, message].filter((each) => each !== undefined && each !== '').join(': ');
  return text === '' ? '' : ` (${text})`;
}
