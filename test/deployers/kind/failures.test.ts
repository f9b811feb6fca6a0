import { expect, test } from 'vitest';
import { causedByNameTaken, explain } from '../../../deployers/kind/failures.ts';
import { CommandError, causes, messageOf } from '../../../src/api/errors.ts';

const failed = (output: string, message = 'kind exited with 1') =>
  new CommandError(message, { command: 'kind create cluster', exitCode: 1, output });

/** Output of kind v0.33.0, docker 20.10 and docker 28, shortened where they repeat the command. */
test.each([
  [
    `ERROR: failed to create cluster: failed to get docker info: command "docker info --format '{{json .}}'" failed with error: exec: "docker": executable file not found in $PATH`,
    'docker not found on PATH: install it',
  ],
  [
    'Command Output: {"ID":"","Containers":0}\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'the container daemon does not respond at unix:///var/run/docker.sock: start it',
  ],
  [
    'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
    'the container daemon does not respond at unix:///var/run/docker.sock: start it',
  ],
  [
    'Cannot connect to Podman. Please verify your connection to the Linux system using `podman system connection list`',
    'the container daemon does not respond: start it',
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/containers/json": dial unix /var/run/docker.sock: connect: permission denied',
    'permission denied by the Docker daemon: add the user to the group docker',
  ],
  [
    'docker: Error response from daemon: mkdir /var/lib/docker/overlay2/3a1: no space left on device.',
    'the disk is full: free some space',
  ],
  ['Failed to create control group inotify object: Too many open files', 'too many open files or inotify watches'],
  [
    'docker: Error response from daemon: driver failed programming external connectivity on endpoint x6-control-plane (310950): Error starting userland proxy: listen tcp4 127.0.0.1:18443: bind: address already in use',
    'host port 127.0.0.1:18443 is already in use',
  ],
  [
    'docker: Error response from daemon: driver failed programming external connectivity on endpoint x6-control-plane (310950): Bind for 0.0.0.0:80 failed: port is already allocated.',
    'host port 0.0.0.0:80 is already in use',
  ],
  [
    'ERROR: failed to create cluster: failed to ensure docker network: command "docker network create" failed with error: exit status 1\nCommand Output: Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    'Docker has no free subnet for a network: remove unused ones with docker network prune',
  ],
  [
    'Error response from daemon: all predefined address pools have been fully subnetted',
    'Docker has no free subnet for a network',
  ],
  [
    'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "x2"',
    'kind cluster "x2" already exists: delete it (kind delete cluster --name x2), or use another --cluster-name',
  ],
  [
    'docker: Error response from daemon: Conflict. The container name "/x3-control-plane" is already in use by container "0e986fa7b24b". You have to remove (or rename) that container to be able to reuse that name.',
    'a container named x3-control-plane already exists',
  ],
  [
    'ERROR: failed to create cluster: failed to pull image "kindest/node:v1.30.4": command "docker pull kindest/node:v1.30.4" failed with error: exit status 1\nCommand Output: Error response from daemon: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    'the registry limits how often images are pulled (toomanyrequests: You have reached your unauthenticated pull rate limit.',
  ],
  [
    'ERROR: failed to create cluster: failed to pull image "kindest/node:v1.30.4": command "docker pull kindest/node:v1.30.4" failed with error: exit status 1\nCommand Output: Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
    'cannot pull node image kindest/node:v1.30.4: command "docker pull kindest/node:v1.30.4" failed with error: exit status 1: Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host',
  ],
  ['ERROR: image: "nosuch:1" not present locally', 'image nosuch:1 of --load-image not found on this host'],
  [
    'ERROR: failed to create cluster: failed to pull image "nosuch/image:1": command "docker pull nosuch/image:1" failed with error: exit status 1\n\nCommand Output: Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host',
    'cannot pull node image nosuch/image:1',
  ],
  [
    'ERROR: failed to create cluster: failed to pull image "nosuch/image:1": command "docker pull nosuch/image:1" failed with error: exit status 1\n\nCommand Output: Error response from daemon: pull access denied for nosuch/image, repository does not exist or may require \'docker login\': denied',
    'node image nosuch/image does not exist, or the registry requires a login',
  ],
  [
    'Command Output: Error response from daemon: manifest for kindest/node:v9 not found: manifest unknown: manifest unknown',
    'node image kindest/node:v9 does not exist',
  ],
  [
    'ERROR: failed to create cluster: could not find a log line that matches "Reached target .*Multi-User System.*|detected cgroup v1"',
    'a node container did not boot: the image may not be a kind node image',
  ],
  [
    'ERROR: failed to create cluster: running kind with rootless provider requires setting systemd property "Delegate=yes", see https://kind.sigs.k8s.io/docs/user/rootless/',
    'the node containers lack cgroups or capabilities on this host',
  ],
  [
    'docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply caps: operation not permitted: unknown.',
    'the node containers lack cgroups or capabilities on this host',
  ],
  [
    'ERROR: failed to create cluster: failed to lock config file: open /tmp/kc.lock: file exists',
    'kubeconfig /tmp/kc is locked',
  ],
  [
    'ERROR: failed to create cluster: unable to decode config: yaml: unmarshal errors:\n  line 3: field foo not found in type v1alpha4.Cluster',
    'kind cannot read the cluster configuration: line 3: field foo not found in type v1alpha4.Cluster',
  ],
  [
    'ERROR: failed to create cluster: could not determine kind / apiVersion for config: yaml: line 1: did not find expected node content',
    'kind cannot read the cluster configuration: yaml: line 1: did not find expected node content',
  ],
  [
    'ERROR: failed to create cluster: [invalid ipFamily: ipv5, invalid kubeProxyMode: x]',
    'invalid cluster configuration: [invalid ipFamily: ipv5, invalid kubeProxyMode: x]',
  ],
  [
    "ERROR: failed to create cluster: 'X_5' is not a valid cluster name, cluster names must match `^[a-z0-9.-]+$`",
    "invalid cluster configuration: 'X_5' is not a valid cluster name",
  ],
  [
    'ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec --privileged x-control-plane kubeadm init" failed with error: exit status 1',
    'kubeadm could not start the control plane',
  ],
  [
    'ERROR: failed to create cluster: failed to generate kubeadm config content: failed to get IPv6 address for node x-control-plane; is docker configured to use IPv6 correctly?',
    'no IPv6 address for x-control-plane on this host or its container network: enable IPv6',
  ],
  [
    'ERROR: failed to create cluster: failed to get random host port for port mapping: listen tcp [::1]:0: bind: cannot assign requested address',
    'no IPv6 address on this host or its container network: enable IPv6',
  ],
  ["Can't connect to 'docker' daemon.  please fix and retry.", 'the container daemon does not respond: start it'],
  ['Error: nosuch:1: image not known', 'image nosuch:1 of --load-image not found on this host'],
  [
    'ERROR: error building node image: 1.x is not a valid kubernetes version',
    'unknown Kubernetes release or build 1.x: check --kube-root and --build-type',
  ],
  [
    'ERROR: error building node image: error resolving CI version from https://dl.k8s.io/ci/late.txt: error status: 404 Not Found',
    'unknown Kubernetes release or build https://dl.k8s.io/ci/late.txt',
  ],
  [
    'ERROR: error building node image: failed to build kubernetes: error downloading file: error response from "https://dl.k8s.io/v1.99.0/kubernetes-server-linux-amd64.tar.gz": HTTP 404',
    'kind cannot download Kubernetes for the build: "https://dl.k8s.io/v1.99.0/kubernetes-server-linux-amd64.tar.gz": HTTP 404',
  ],
  [
    'ERROR: error building node image: failed to build kubernetes: error downloading file: error doing HTTP fetch of "https://dl.k8s.io/v1.99.0/x.tar.gz": Get "https://dl.k8s.io/v1.99.0/x.tar.gz": dial tcp: lookup dl.k8s.io: no such host',
    'kind cannot download Kubernetes for the build: "https://dl.k8s.io/v1.99.0/x.tar.gz"',
  ],
  [
    'ERROR: failed to create cluster: podman version "1.6.4" is too old, please upgrade to "1.8.0" or later',
    'podman 1.6.4 is too old for kind',
  ],
  [
    'error finding kuberoot: could not find Kubernetes source under current working directory or GOPATH=/go',
    '--kube-root',
  ],
])('%s', (output, message) => {
  const error = failed(output);
  const explained = explain(error) as Error;
  expect(messageOf(explained)).toContain(message);
  expect(messageOf(explained)).not.toContain('\n');
  expect([...causes(explained)]).toContain(error);
});

test('explains a provider that cannot be started', () => {
  const error = failed('', 'podman could not be started: it is not found on PATH (/bin)');
  expect(messageOf(explain(error))).toContain('podman not found on PATH');
});

test("leads with kind's last error and the line of the provider when no sign is known", () => {
  const output = [
    'ERROR: an earlier one',
    'Creating cluster "c" ...',
    'ERROR: failed to create cluster: command "docker run --name c" failed with error: exit status 125',
    'Command Output: 8d2f6b1c',
    'docker: Error response from daemon: something new.',
    '',
  ].join('\n');
  const error = failed(output);
  const explained = explain(error);
  expect(messageOf(explained)).toBe(
    'failed to create cluster: command "docker run --name c" failed with error: exit status 125: docker: Error response from daemon: something new.',
  );
  expect([...causes(explained)]).toContain(error);
});

test('adds the advice for a known sign to what kind itself says', () => {
  const explained = explain(failed('ERROR: failed to create cluster: failed to init node with kubeadm: exit status 1'));
  expect([...causes(explained)].map(messageOf)).toEqual([
    expect.stringMatching(/^kubeadm could not start/),
    'failed to create cluster: failed to init node with kubeadm: exit status 1',
    'kind exited with 1',
  ]);
});

test('returns errors without a line of kind unchanged', () => {
  const error = failed('something new');
  expect(explain(error)).toBe(error);
  const other = new TypeError('no space left on device');
  expect(explain(other)).toBe(other);
});

test('does not take a missing program in a node for a missing docker', () => {
  const error = failed('OCI runtime exec failed: exec: "kubeadm": executable file not found in $PATH: unknown');
  expect(explain(error)).toBe(error);
});

test('only kind’s own error means that the cluster name is taken', () => {
  expect(causedByNameTaken(explain(failed('node(s) already exist for a cluster with the name "x"')))).toBe(true);
  expect(causedByNameTaken(failed('The container name "/x-control-plane" is already in use by'))).toBe(false);
});
