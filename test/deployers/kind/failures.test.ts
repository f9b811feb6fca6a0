import { expect, test } from 'vitest';
import { causedByNameTaken, explain } from '../../../deployers/kind/failures.ts';
import { CommandError, messageOf } from '../../../src/api/errors.ts';

const failed = (output: string, message = 'kind exited with 1') =>
  new CommandError(message, { command: 'kind create cluster', exitCode: 1, output });

/** What kind v0.33.0, docker 20.10 and docker 28 print, shortened where they repeat the command. */
test.each([
  [
    `ERROR: failed to create cluster: failed to get docker info: command "docker info --format '{{json .}}'" failed with error: exec: "docker": executable file not found in $PATH`,
    'docker is not on PATH: install it',
  ],
  [
    'Command Output: {"ID":"","Containers":0}\nCannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'the container daemon does not answer at unix:///var/run/docker.sock: start it',
  ],
  [
    'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
    'the container daemon does not answer at unix:///var/run/docker.sock: start it',
  ],
  [
    'Cannot connect to Podman. Please verify your connection to the Linux system using `podman system connection list`',
    'the container daemon does not answer: start it',
  ],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.50/containers/json": dial unix /var/run/docker.sock: connect: permission denied',
    'this user may not talk to the Docker daemon: add it to the group docker',
  ],
  [
    'docker: Error response from daemon: mkdir /var/lib/docker/overlay2/3a1: no space left on device.',
    'the disk is full: free some space',
  ],
  [
    'Failed to create control group inotify object: Too many open files',
    'the limit of open files or inotify watches is used up',
  ],
  [
    'docker: Error response from daemon: driver failed programming external connectivity on endpoint x6-control-plane (310950): Error starting userland proxy: listen tcp4 127.0.0.1:18443: bind: address already in use',
    'a host port, 127.0.0.1:18443, that the cluster needs is in use',
  ],
  [
    'docker: Error response from daemon: driver failed programming external connectivity on endpoint x6-control-plane (310950): Bind for 0.0.0.0:80 failed: port is already allocated.',
    'a host port, 0.0.0.0:80, that the cluster needs is in use',
  ],
  [
    'ERROR: failed to create cluster: failed to ensure docker network: command "docker network create" failed with error: exit status 1\nCommand Output: Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    'Docker has no free subnet for a network: docker network prune',
  ],
  [
    'Error response from daemon: all predefined address pools have been fully subnetted',
    'Docker has no free subnet for a network',
  ],
  [
    'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "x2"',
    'a kind cluster named x2 is there already and was left alone: choose another --cluster-name',
  ],
  [
    'docker: Error response from daemon: Conflict. The container name "/x3-control-plane" is already in use by container "0e986fa7b24b". You have to remove (or rename) that container to be able to reuse that name.',
    'there is a container named x3-control-plane already',
  ],
  ['ERROR: image: "nosuch:1" not present locally', '--load-image: nosuch:1 is not on this machine'],
  [
    'ERROR: failed to create cluster: failed to pull image "nosuch/image:1": command "docker pull nosuch/image:1" failed with error: exit status 1\n\nCommand Output: Error response from daemon: Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.53:53: no such host',
    'the node image nosuch/image:1 is not on this machine and could not be pulled',
  ],
  [
    'ERROR: failed to create cluster: failed to pull image "nosuch/image:1": command "docker pull nosuch/image:1" failed with error: exit status 1\n\nCommand Output: Error response from daemon: pull access denied for nosuch/image, repository does not exist or may require \'docker login\': denied',
    'the node image nosuch/image does not exist, or the registry wants a login',
  ],
  [
    'Command Output: Error response from daemon: manifest for kindest/node:v9 not found: manifest unknown: manifest unknown',
    'the node image kindest/node:v9 does not exist',
  ],
  [
    'ERROR: failed to create cluster: could not find a log line that matches "Reached target .*Multi-User System.*|detected cgroup v1"',
    'a node container did not boot: the image may be no kind node image',
  ],
  [
    'ERROR: failed to create cluster: running kind with rootless provider requires setting systemd property "Delegate=yes", see https://kind.sigs.k8s.io/docs/user/rootless/',
    'this machine does not give the node containers the control groups or capabilities they need',
  ],
  [
    'docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: unable to apply caps: operation not permitted: unknown.',
    'this machine does not give the node containers the control groups or capabilities they need',
  ],
  [
    'ERROR: failed to create cluster: failed to lock config file: open /tmp/kc.lock: file exists',
    'the kubeconfig /tmp/kc is locked',
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
    'kind refuses the cluster configuration: [invalid ipFamily: ipv5, invalid kubeProxyMode: x]',
  ],
  [
    "ERROR: failed to create cluster: 'X_5' is not a valid cluster name, cluster names must match `^[a-z0-9.-]+$`",
    "kind refuses the cluster configuration: 'X_5' is not a valid cluster name",
  ],
  [
    'ERROR: failed to create cluster: failed to init node with kubeadm: command "docker exec --privileged x-control-plane kubeadm init" failed with error: exit status 1',
    'kubeadm could not start the control plane',
  ],
  [
    'ERROR: failed to create cluster: failed to generate kubeadm config content: failed to get IPv6 address for node x-control-plane; is docker configured to use IPv6 correctly?',
    'this machine, or its container network, gives no IPv6 address to x-control-plane: turn IPv6 on',
  ],
  [
    'ERROR: failed to create cluster: failed to get random host port for port mapping: listen tcp [::1]:0: bind: cannot assign requested address',
    'this machine, or its container network, gives no IPv6 address: turn IPv6 on',
  ],
  ["Can't connect to 'docker' daemon.  please fix and retry.", 'the container daemon does not answer: start it'],
  ['Error: nosuch:1: image not known', '--load-image: nosuch:1 is not on this machine'],
  [
    'ERROR: error building node image: 1.x is not a valid kubernetes version',
    'kind knows no release or build 1.x: check --kube-root and --build-type',
  ],
  [
    'ERROR: error building node image: error resolving CI version from https://dl.k8s.io/ci/late.txt: error status: 404 Not Found',
    'kind knows no release or build https://dl.k8s.io/ci/late.txt',
  ],
  [
    'ERROR: error building node image: failed to build kubernetes: error downloading file: error response from "https://dl.k8s.io/v1.99.0/kubernetes-server-linux-amd64.tar.gz": HTTP 404',
    'kind could not download the Kubernetes to build: "https://dl.k8s.io/v1.99.0/kubernetes-server-linux-amd64.tar.gz": HTTP 404',
  ],
  [
    'ERROR: error building node image: failed to build kubernetes: error downloading file: error doing HTTP fetch of "https://dl.k8s.io/v1.99.0/x.tar.gz": Get "https://dl.k8s.io/v1.99.0/x.tar.gz": dial tcp: lookup dl.k8s.io: no such host',
    'kind could not download the Kubernetes to build: "https://dl.k8s.io/v1.99.0/x.tar.gz"',
  ],
  [
    'ERROR: failed to create cluster: podman version "1.6.4" is too old, please upgrade to "1.8.0" or later',
    'kind needs a newer podman than 1.6.4',
  ],
  [
    'error finding kuberoot: could not find Kubernetes source under current working directory or GOPATH=/go',
    '--kube-root',
  ],
])('%s', (output, sentence) => {
  const error = failed(output);
  const explained = explain(error) as Error;
  expect(messageOf(explained)).toContain(sentence);
  expect(messageOf(explained)).not.toContain('\n');
  expect(explained.cause).toBe(error);
});

test('a provider that is not installed is told from the error of starting it', () => {
  const error = failed('', 'podman could not be started: not found on PATH (/bin)');
  expect(messageOf(explain(error))).toContain('podman is not on PATH');
});

test('what is not known stays as it is', () => {
  const error = failed('ERROR: something new');
  expect(explain(error)).toBe(error);
  const other = new TypeError('no space left on device');
  expect(explain(other)).toBe(other);
});

test('a program missing inside a node is not a missing docker', () => {
  const error = failed('OCI runtime exec failed: exec: "kubeadm": executable file not found in $PATH: unknown');
  expect(explain(error)).toBe(error);
});

test('only the word of kind about its own nodes means that the cluster is somebody else’s', () => {
  expect(causedByNameTaken(explain(failed('node(s) already exist for a cluster with the name "x"')))).toBe(true);
  expect(causedByNameTaken(failed('The container name "/x-control-plane" is already in use by'))).toBe(false);
});
