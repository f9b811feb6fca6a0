import { CommandError, causeOf, RunError } from '../../src/api/errors.ts';

/**
 * Why kind, or the container provider below it, failed: one sentence that says what is wrong and what to do about it,
 * with the command's own error as its cause. An error that is not recognised comes back as it is.
 */
export function explain(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const said = `${error.message}\n${error.output}`;
  for (const { sign, sentence } of KNOWN) {
    const found = sign.exec(said);
    if (found) return new RunError(sentence(found.slice(1).find((group) => group) ?? ''), { cause: error });
  }
  return error;
}

/** True when kind says that there is a cluster of this name already. */
export function causedByNameTaken(error: unknown): boolean {
  const output = causeOf(error, CommandError)?.output ?? '';
  return NAME_TAKEN.test(output);
}

/** True when kind knows no cluster of this name, so that there is nothing to export or delete. */
export function causedByUnknownCluster(error: unknown): boolean {
  const output = causeOf(error, CommandError)?.output ?? '';
  return /unknown cluster|no nodes found for cluster/.test(output);
}

interface Failure {
  readonly sign: RegExp;
  /** `found` is the first group of the sign that matched something, or empty. */
  readonly sentence: (found: string) => string;
}

const NAME_TAKEN = /node\(s\) already exist for a cluster with the name "([^"]+)"/;

/** The most telling first: a full disk also shows as a failed pull, a missing image as a failed create. */
const KNOWN: readonly Failure[] = [
  {
    sign: /exec: "(docker|podman|nerdctl|finch)": executable file not found|(docker|podman|nerdctl|finch) could not be started: not found/,
    sentence: (tool) =>
      `${tool || 'the container provider'} is not on PATH: install it, or choose another with --provider`,
  },
  {
    sign: /permission denied while trying to connect to the [Dd]ocker (?:daemon socket|API)|dial unix \S+: connect: permission denied/,
    sentence: () =>
      'this user may not talk to the Docker daemon: add it to the group docker and log in again, or use rootless Docker',
  },
  {
    sign: /Cannot connect to (?:the Docker daemon|Podman)(?: at (\S+?)\. )?|error during connect:|failed to connect to the docker API(?: at ([^\s;]+))?|Is the docker daemon running|Can't connect to 'docker' daemon/,
    sentence: (where) =>
      `the container daemon does not answer${where && ` at ${where}`}: start it (systemctl start docker), or point DOCKER_HOST to one that runs`,
  },
  {
    sign: /no space left on device|disk quota exceeded/i,
    sentence: () =>
      'the disk is full: free some space; docker system df tells what Docker uses, docker system prune removes what no container needs',
  },
  {
    sign: /too many open files|inotify_init|no space left on device.*inotify/i,
    sentence: () =>
      'the limit of open files or inotify watches is used up: raise fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl',
  },
  {
    sign: /(?:Bind for|listen tcp[46]?|exposing port TCP) ([^\s]+:\d+)\b[^\n]*(?:port is already allocated|address already in use)|port is already allocated|address already in use/,
    sentence: (port) =>
      `a host port${port && `, ${port},`} that the cluster needs is in use: end the program or cluster that holds it, or change hostPort or apiServerPort in --config`,
  },
  {
    sign: /failed to get IPv6 address for node (\S+?);|listen tcp6? \[::\S*: bind: cannot assign requested address/,
    sentence: (node) =>
      `this machine, or its container network, gives no IPv6 address${node && ` to ${node}`}: turn IPv6 on (sysctl net.ipv6.conf.all.disable_ipv6=0) and remove the network kind, so that kind makes it anew, or take --ip-family=ipv4`,
  },
  {
    sign: /non-overlapping IPv4 address pool|predefined address pools have been fully subnetted|non-overlapping subnet|Pool overlaps with other one|networks have overlapping/,
    sentence: () =>
      'Docker has no free subnet for a network: docker network prune removes unused networks; more come with default-address-pools in its daemon.json',
  },
  {
    sign: NAME_TAKEN,
    sentence: (name) =>
      `a kind cluster${name && ` named ${name}`} is there already and was left alone: choose another --cluster-name, or remove it with kind delete cluster${name && ` --name ${name}`}`,
  },
  {
    sign: /The container name "\/?([^"]+)" is already in use/,
    sentence: (name) => `there is a container named ${name} already: remove it, or choose another --cluster-name`,
  },
  {
    sign: /image: "([^"]+)" not present locally|Error: (\S+): image not known/,
    sentence: (image) => `--load-image: ${image} is not on this machine: pull or build it before`,
  },
  {
    sign: /manifest(?: for (\S+))? (?:unknown|not found)|pull access denied for (\S+?),|repository does not exist|failed to resolve reference[^\n]*: not found/,
    sentence: (image) =>
      `the node image${image && ` ${image}`} does not exist, or the registry wants a login: check --image-name and the image in --config`,
  },
  {
    sign: /failed to pull image "([^"]+)"/,
    sentence: (image) =>
      `the node image ${image} is not on this machine and could not be pulled: check the name, the network and the registry`,
  },
  {
    sign: /unable to apply caps: operation not permitted|running kind with rootless provider requires cgroup v2|setting systemd property "Delegate=yes"|cgroup v1 (?:support|is)[^\n]*(?:unsupported|not supported)|not (?:run|running) on a host using cgroup v1|cgroups?: cannot (?:find|enter)|cgroup mountpoint does not exist/,
    sentence: () =>
      'this machine does not give the node containers the control groups or capabilities they need: use cgroup v2 with delegation for rootless providers, and a daemon that may start privileged containers (kind.sigs.k8s.io/docs/user/known-issues)',
  },
  {
    sign: /could not find a (?:log )?line that matches "Reached target/,
    sentence: () =>
      'a node container did not boot: the image may be no kind node image, or the machine lacks inotify instances or cgroup support; the logs have its last words',
  },
  {
    sign: /failed to lock config file: open (\S+?)\.lock: file exists/,
    sentence: (file) =>
      `the kubeconfig ${file} is locked: another kind is using it, or one was killed and left ${file}.lock, which may then be removed`,
  },
  {
    sign: /could not find Kubernetes source under|error finding kuberoot/,
    sentence: () => 'kind finds no Kubernetes source: name it with --kube-root',
  },
  {
    sign: /(\S+) is not a valid kubernetes version|error resolving CI version from (\S+): error status/,
    sentence: (what) => `kind knows no release or build ${what}: check --kube-root and --build-type`,
  },
  {
    sign: /error response from ("\S+": HTTP \d+)|error doing HTTP fetch of ("\S+?": .*)/,
    sentence: (what) => `kind could not download the Kubernetes to build: ${what}`,
  },
  {
    sign: /podman version "([^"]+)" is too old/,
    sentence: (version) => `kind needs a newer podman than ${version}: upgrade it, or choose another --provider`,
  },
  {
    sign: /unable to decode config: (?:yaml: unmarshal errors:\s+)?([^\n]+)|could not determine kind \/ apiVersion for config: ([^\n]+)/,
    sentence: (why) => `kind cannot read the cluster configuration${why && `: ${why}`}`,
  },
  {
    sign: /ERROR: failed to create cluster: ((?:unknown (?:apiVersion|kind)|'[^']*' is not a valid cluster name|invalid |must have at least one|\[)[^\n]*)/,
    sentence: (why) => `kind refuses the cluster configuration: ${why}`,
  },
  {
    sign: /failed to (init|join) node with kubeadm/,
    sentence: (what) =>
      what === 'init'
        ? "kubeadm could not start the control plane: the kubelet's and containers' logs are below logs in the artifacts"
        : 'kubeadm could not join a node to the cluster: its logs are below logs in the artifacts',
  },
];
