import { stripVTControlCharacters } from 'node:util';
import { CommandError, causeOf, RunError } from '../../src/api/errors.ts';
import { oneLine } from '../../src/text/truncate.ts';

/**
 * Explains why kind, or its container provider, failed: one sentence with the reason and the fix, whose cause is what
 * kind itself says, which is also all there is for a failure that is not known. The command's own error is the last
 * cause, and returned as it is when kind has said nothing.
 */
export function explain(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const text = `${error.message}\n${error.output}`;
  const reason = reasonIn(error.output);
  const cause = reason === undefined ? error : new RunError(reason, { cause: error });
  for (const { pattern, message } of KNOWN) {
    const match = pattern.exec(text);
    if (match) return new RunError(message(match.slice(1).find((group) => group) ?? '', reason), { cause });
  }
  return cause;
}

/** kind's last error line, followed by the container provider's own line, which tells more; undefined without one. */
function reasonIn(output: string): string | undefined {
  const lines = stripVTControlCharacters(output).split('\n');
  const at = lines.findLastIndex((line) => line.startsWith('ERROR: '));
  if (at === -1) return undefined;
  const error = lines[at]?.slice('ERROR: '.length) ?? '';
  const below = lines.slice(at + 1).flatMap((line) => OF_PROVIDER.exec(line)?.[1] ?? []);
  return [error, ...below.slice(0, 1)].map((line) => oneLine(line, LONGEST_REASON)).join(': ');
}

/** Characters. */
const LONGEST_REASON = 500;
/** The provider's error, with kind's label or without one. */
const OF_PROVIDER =
  /^(?:Command Output: )?((?:docker: |Error: )?(?:Error response from daemon|error during connect|Error|error)\b.*\S)/;

/** True when kind reports that a cluster with this name already exists. */
export function causedByNameTaken(error: unknown): boolean {
  const output = causeOf(error, CommandError)?.output ?? '';
  return NAME_TAKEN.test(output);
}

/** True when kind has no cluster with this name, so there is nothing to export or delete. */
export function causedByUnknownCluster(error: unknown): boolean {
  const output = causeOf(error, CommandError)?.output ?? '';
  return /unknown cluster|no nodes found for cluster/.test(output);
}

interface Failure {
  readonly pattern: RegExp;
  /** `detail` is the first group of the pattern that matched something, empty without one; `reason` is kind's own. */
  readonly message: (detail: string, reason: string | undefined) => string;
}

/** The reason without the part that the message already has. */
const withoutPrefix = (reason: string | undefined): string | undefined =>
  reason?.replace(/^failed to create cluster: /, '').replace(/^failed to pull image "[^"]*": /, '');

const NAME_TAKEN = /node\(s\) already exist for a cluster with the name "([^"]+)"/;

/** The most specific first: a full disk also shows as a failed pull, a missing image as a failed create. */
const KNOWN: readonly Failure[] = [
  {
    pattern:
      /exec: "(docker|podman|nerdctl|finch)": executable file not found|(docker|podman|nerdctl|finch) could not be started: it is not found/,
    message: (tool) => `${tool || 'the container provider'} not found on PATH: install it, or use another --provider`,
  },
  {
    pattern:
      /permission denied while trying to connect to the [Dd]ocker (?:daemon socket|API)|dial unix \S+: connect: permission denied/,
    message: () =>
      'permission denied by the Docker daemon: add the user to the group docker and log in again, or use rootless Docker',
  },
  {
    pattern:
      /Cannot connect to (?:the Docker daemon|Podman)(?: at (\S+?)\. )?|error during connect:|failed to connect to the docker API(?: at ([^\s;]+))?|Is the docker daemon running|Can't connect to 'docker' daemon/,
    message: (where) =>
      `the container daemon does not respond${where && ` at ${where}`}: start it (systemctl start docker), or set DOCKER_HOST to a running one`,
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    message: () =>
      'the disk is full: free some space; docker system df shows what Docker uses, docker system prune removes unused data',
  },
  {
    pattern: /too many open files|inotify_init|no space left on device.*inotify/i,
    message: () =>
      'too many open files or inotify watches: increase fs.inotify.max_user_instances and fs.inotify.max_user_watches with sysctl',
  },
  {
    pattern:
      /(?:Bind for|listen tcp[46]?|exposing port TCP) ([^\s]+:\d+)\b[^\n]*(?:port is already allocated|address already in use)|port is already allocated|address already in use/,
    message: (port) =>
      `host port${port && ` ${port}`} is already in use: stop the program or cluster that uses it, or change hostPort or apiServerPort in --config`,
  },
  {
    pattern: /failed to get IPv6 address for node (\S+?);|listen tcp6? \[::\S*: bind: cannot assign requested address/,
    message: (node) =>
      `no IPv6 address${node && ` for ${node}`} on this host or its container network: enable IPv6 (sysctl net.ipv6.conf.all.disable_ipv6=0) and remove the network "kind", so that kind creates it again, or set --ip-family=ipv4`,
  },
  {
    pattern:
      /non-overlapping IPv4 address pool|predefined address pools have been fully subnetted|non-overlapping subnet|Pool overlaps with other one|networks have overlapping/,
    message: () =>
      'Docker has no free subnet for a network: remove unused ones with docker network prune, or add default-address-pools to its daemon.json',
  },
  {
    pattern: NAME_TAKEN,
    message: (name) =>
      `kind cluster${name && ` "${name}"`} already exists: delete it (kind delete cluster${name && ` --name ${name}`}), or use another --cluster-name`,
  },
  {
    pattern: /The container name "\/?([^"]+)" is already in use/,
    message: (name) => `a container named ${name} already exists: remove it, or use another --cluster-name`,
  },
  {
    pattern: /image: "([^"]+)" not present locally|Error: (\S+): image not known/,
    message: (image) => `image ${image} of --load-image not found on this host: pull or build it first`,
  },
  {
    pattern: /(toomanyrequests:[^\n]*|[^\n]*pull rate limit[^\n]*)/,
    message: (detail) =>
      `the registry limits how often images are pulled (${oneLine(detail.replace(/^.*?(?=toomanyrequests)/, ''), 200)}): log in (docker login), pull the node image beforehand, or take it from a mirror with --image-name`,
  },
  {
    pattern:
      /manifest(?: for (\S+))? (?:unknown|not found)|pull access denied for (\S+?),|repository does not exist|failed to resolve reference[^\n]*: not found/,
    message: (image) =>
      `node image${image && ` ${image}`} does not exist, or the registry requires a login: check --image-name and the image in --config`,
  },
  {
    pattern: /failed to pull image "([^"]+)"/,
    message: (image, reason) => `cannot pull node image ${image}: ${withoutPrefix(reason) ?? 'kind gives no reason'}`,
  },
  {
    pattern:
      /unable to apply caps: operation not permitted|running kind with rootless provider requires cgroup v2|setting systemd property "Delegate=yes"|cgroup v1 (?:support|is)[^\n]*(?:unsupported|not supported)|not (?:run|running) on a host using cgroup v1|cgroups?: cannot (?:find|enter)|cgroup mountpoint does not exist/,
    message: () =>
      'the node containers lack cgroups or capabilities on this host: use cgroup v2 with delegation for rootless providers, and a daemon that may start privileged containers (kind.sigs.k8s.io/docs/user/known-issues)',
  },
  {
    pattern: /could not find a (?:log )?line that matches "Reached target/,
    message: () =>
      'a node container did not boot: the image may not be a kind node image, or the host may lack inotify instances or cgroup support; see its log in the artifacts',
  },
  {
    pattern: /failed to lock config file: open (\S+?)\.lock: file exists/,
    message: (file) =>
      `kubeconfig ${file} is locked: wait for the kind process that uses it, or remove ${file}.lock if that was killed`,
  },
  {
    pattern: /could not find Kubernetes source under|error finding kuberoot/,
    message: () => 'kind found no Kubernetes source tree: set --kube-root',
  },
  {
    pattern: /(\S+) is not a valid kubernetes version|error resolving CI version from (\S+): error status/,
    message: (version) => `unknown Kubernetes release or build ${version}: check --kube-root and --build-type`,
  },
  {
    pattern: /error response from ("\S+": HTTP \d+)|error doing HTTP fetch of ("\S+?": .*)/,
    message: (reason) => `kind cannot download Kubernetes for the build: ${reason}`,
  },
  {
    pattern: /podman version "([^"]+)" is too old/,
    message: (version) => `podman ${version} is too old for kind: upgrade it, or use another --provider`,
  },
  {
    pattern:
      /unable to decode config: (?:yaml: unmarshal errors:\s+)?([^\n]+)|could not determine kind \/ apiVersion for config: ([^\n]+)/,
    message: (reason) => `kind cannot read the cluster configuration${reason && `: ${reason}`}`,
  },
  {
    pattern:
      /ERROR: failed to create cluster: ((?:unknown (?:apiVersion|kind)|'[^']*' is not a valid cluster name|invalid |must have at least one|\[)[^\n]*)/,
    message: (reason) => `invalid cluster configuration: ${reason}`,
  },
  {
    pattern: /failed to (init|join) node with kubeadm/,
    message: (command) =>
      command === 'init'
        ? 'kubeadm could not start the control plane: see the kubelet and container logs in the directory logs of the artifacts'
        : 'kubeadm could not join a node to the cluster: see its logs in the directory logs of the artifacts',
  },
];
