import { count, duration, each, oneOf, optional, text, toggle, type Values } from '../../src/api/flags.ts';

const fromScript = { group: "The cluster (each is also read from the variable kind's e2e-k8s.sh has for it)" };

/** The flags of the original kind deployer, then ours. */
export const flags = {
  imageName: text(
    'The node image: what --build makes and --up takes. Default: with --build an image of this run alone, else the one kind has for its release.',
  ),
  baseImage: text('The base image of the node image that --build makes. Default: the one kind has.'),
  clusterName: text('The name of the kind cluster. Default: kind- and a part of the run id.'),
  buildType: text(
    "The --type of `kind build node-image`: url, file, release, ci or source. Default: what kind makes of --kube-root's form.",
  ),
  config: text('A kind configuration for the cluster. What the other flags ask for is merged into it; the file wins.'),
  kubeconfig: text('Where the kubeconfig is written. Default: the file kubeconfig in the run dir.'),
  kubeRoot: text('The Kubernetes source for --build. Default: the working directory, or what kind finds below GOPATH.'),

  kindVersion: text(
    'The kind program: a release such as v0.33.0, latest for the newest, ci for the newest build (which needs --allow-unverified), the path or address of a program, or path for the one on PATH. Default: the one on PATH, else the newest release this program knows the digest of.',
  ),
  kindUrl: text("The folder with kind's releases and builds.", 'https://kind.sigs.k8s.io/dl'),
  provider: oneOf(
    "What runs the node containers. Default: kind's own choice.",
    ['', 'docker', 'podman', 'nerdctl', 'finch'],
    '',
  ),
  wait: duration(
    'How long every node has to become Ready and CoreDNS available once the cluster is created; 0 does not wait.',
    5 * 60e3,
  ),
  retain: toggle('Keep the nodes of a cluster that did not come up, when there is no --down. So does --down=never.'),
  loadImage: each('An image of the container provider, or a .tar archive of images, to load into every node.'),
  arch: text(
    'The architecture of the node image that --build makes, for instance arm64. Default: that of this machine.',
  ),
  nodes: optional(count('How many nodes there are in all, control planes among them.')),
  workers: optional(count('How many worker nodes there are.')),
  controlPlanes: optional(
    count('How many control plane nodes there are; with several kind puts a load balancer before them.'),
  ),
  e2eK8s: toggle(
    "Take the defaults of kind's e2e-k8s.sh for what is not given: two workers, component log level 4, no DNS search domains of the host, larger container logs, FOCUS `[Conformance]`, ginkgo's words of hack/ginkgo-e2e.sh.",
    false,
    { name: 'e2e-k8s' },
  ),

  featureGates: text('Feature gates of the whole cluster, as A=true,B=false or as a JSON or YAML map.', '', {
    ...fromScript,
    env: 'FEATURE_GATES',
  }),
  runtimeConfig: text("The API server's --runtime-config, as api/beta=true or as a JSON or YAML map.", '', {
    ...fromScript,
    env: 'RUNTIME_CONFIG',
  }),
  ipFamily: oneOf('The address family: ipv4, ipv6 or dual.', ['', 'ipv4', 'ipv6', 'dual'], '', {
    ...fromScript,
    env: 'IP_FAMILY',
  }),
  kubeProxyMode: oneOf(
    'How kube-proxy works: iptables, ipvs, nftables, or none for no kube-proxy.',
    ['', 'iptables', 'ipvs', 'nftables', 'none'],
    '',
    { ...fromScript, env: 'KUBE_PROXY_MODE' },
  ),
  clusterLogLevel: optional(
    count('The -v of the API server, controller manager, scheduler, kubelet and kube-proxy.', 0, {
      ...fromScript,
      env: 'KIND_CLUSTER_LOG_LEVEL',
    }),
  ),
} as const;

export type KindValues = Values<typeof flags>;
