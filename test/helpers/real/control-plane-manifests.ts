/** What makes kwok's nodes and pods live, and the nodes themselves, as YAML (which JSON is). */
export function manifests(nodes: number): { stages: string; nodeList: string } {
  const stages = [NODE_READY, POD_READY, POD_GONE].map((stage) => JSON.stringify(stage)).join('\n---\n');
  const items = Array.from({ length: nodes }, (_, at) => node(`fake-${at}`));
  return { stages, nodeList: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) };
}

const node = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, annotations: { 'kwok.x-k8s.io/node': 'fake' }, labels: { 'kubernetes.io/hostname': name } },
  status: {
    allocatable: { cpu: '32', memory: '256Gi', pods: '110' },
    capacity: { cpu: '32', memory: '256Gi', pods: '110' },
    nodeInfo: { kubeletVersion: 'v1.35.0', operatingSystem: 'linux', architecture: 'amd64' },
  },
});

const stage = (name: string, kind: string, matchExpressions: object[], next: object) => ({
  apiVersion: 'kwok.x-k8s.io/v1alpha1',
  kind: 'Stage',
  metadata: { name },
  spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
});

const READY = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const isReady = { key: READY, operator: 'NotIn', values: ['True'] };
const isDeleted = (operator: string) => ({ key: '.metadata.deletionTimestamp', operator });

const NODE_READY = stage('node-ready', 'Node', [isReady], {
  statusTemplate: `
{{ $now := Now }}
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
phase: Running
`,
});

const POD_READY = stage(
  'pod-ready',
  'Pod',
  [isDeleted('DoesNotExist'), { key: '.status.phase', operator: 'In', values: ['Pending'] }, isReady],
  {
    statusTemplate: `
{{ $now := Now }}
conditions:
{{ range $type := list "Initialized" "Ready" "ContainersReady" }}
- type: {{ $type | Quote }}
  status: "True"
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  restartCount: 0
  state:
    running:
      startedAt: {{ $now | Quote }}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
phase: Running
startTime: {{ $now | Quote }}
`,
  },
);

const POD_GONE = stage('pod-gone', 'Pod', [isDeleted('Exists')], { delete: true });
