import { count, duration, each, oneOf, optional, text, toggle, type Values } from '../../src/api/flags.ts';

const settings = { group: "Cluster settings, with the environment variables of kind's e2e-k8s.sh" };

/** The flags of the original kind deployer, then ours. */
export const flags = {
  imageName: text(
    "Node image that --build creates and --up uses (default: with --build an image of this run alone, else kind's own).",
  ),
  baseImage: text("Base image of the node image that --build creates (default: kind's own)."),
  clusterName: text('Name of the kind cluster (default: kind- and a part of the run ID).'),
  buildType: text(
    'The --type of `kind build node-image`: url, file, release, ci or source (default: detected by kind from --kube-root).',
  ),
  config: text('Kind configuration file of the cluster. Other flags are merged into it; the file takes precedence.'),
  kubeconfig: text('File to write the kubeconfig to (default: kubeconfig in the run directory).'),
  kubeRoot: text(
    'Kubernetes source tree for --build (default: the working directory, or the one that kind finds below GOPATH).',
  ),

  kindVersion: text(
    'The kind binary: a release such as v0.33.0, latest for the newest one, ci for the newest build (needs --allow-unverified), the path or URL of a binary, or path for the one on PATH (default: the one on PATH, else the newest release with a known digest).',
  ),
  kindUrl: text("URL of the directory with kind's releases and builds.", 'https://kind.sigs.k8s.io/dl'),
  provider: oneOf(
    'Container provider of the nodes (default: detected by kind).',
    ['', 'docker', 'podman', 'nerdctl', 'finch'],
    '',
  ),
  wait: duration(
    'Timeout for every node to become Ready and CoreDNS available after the cluster is created; 0 does not wait.',
    5 * 60e3,
  ),
  retain: toggle('Keep the nodes of a cluster that failed to come up, without --down. --down=never does so as well.'),
  loadImage: each('Image of the container provider, or a .tar archive of images, to load into every node.'),
  arch: text('Architecture of the node image that --build creates, such as arm64 (default: that of this host).'),
  nodes: optional(count('Number of nodes, including control planes.')),
  workers: optional(count('Number of worker nodes.')),
  controlPlanes: optional(count('Number of control plane nodes; with more than one, kind adds a load balancer.')),
  e2eK8s: toggle(
    "Use the defaults of kind's e2e-k8s.sh for what is not set: two workers, component log level 4, no DNS search domains of the host, larger container logs, FOCUS `[Conformance]`, and ginkgo's arguments of hack/ginkgo-e2e.sh.",
    false,
    { name: 'e2e-k8s' },
  ),

  featureGates: text('Feature gates of the cluster, as A=true,B=false or as a JSON or YAML map.', '', {
    ...settings,
    env: 'FEATURE_GATES',
  }),
  runtimeConfig: text("The API server's --runtime-config, as api/beta=true or as a JSON or YAML map.", '', {
    ...settings,
    env: 'RUNTIME_CONFIG',
  }),
  ipFamily: oneOf('IP family of the cluster.', ['', 'ipv4', 'ipv6', 'dual'], '', {
    ...settings,
    env: 'IP_FAMILY',
  }),
  kubeProxyMode: oneOf(
    'Mode of kube-proxy; none for a cluster without kube-proxy.',
    ['', 'iptables', 'ipvs', 'nftables', 'none'],
    '',
    { ...settings, env: 'KUBE_PROXY_MODE' },
  ),
  clusterLogLevel: optional(
    count('Log level (-v) of the API server, controller manager, scheduler, kubelet and kube-proxy.', 0, {
      ...settings,
      env: 'KIND_CLUSTER_LOG_LEVEL',
    }),
  ),
} as const;

export type KindValues = Values<typeof flags>;
